package quiz

// A Score counts right answers by what is asked about.
type Score struct {
	order []string
	right map[string]int
	asked map[string]int
}

// Add counts an answer.
func (s *Score) Add(about string, right bool) {
	if s.asked == nil {
		s.right, s.asked = map[string]int{}, map[string]int{}
	}
	if s.asked[about] == 0 {
		s.order = append(s.order, about)
	}
	s.asked[about]++
	if right {
		s.right[about]++
	}
}

// A Mark is the score of one kind of question.
type Mark struct {
	About        string
	Right, Asked int
}

// Marks returns the score, in the order in which they came up.
func (s *Score) Marks() []Mark {
	var marks []Mark
	for _, about := range s.order {
		marks = append(marks, Mark{about, s.right[about], s.asked[about]})
	}
	return marks
}

// Right counts all right answers.
func (s *Score) Right() (n int) {
	for _, right := range s.right {
		n += right
	}
	return n
}
