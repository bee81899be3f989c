package quiz

// A Score counts right answers by concept.
type Score struct {
	concepts []string
	right    map[string]int
	asked    map[string]int
}

// Add counts an answer.
func (s *Score) Add(concept string, right bool) {
	if s.asked == nil {
		s.right, s.asked = map[string]int{}, map[string]int{}
	}
	if s.asked[concept] == 0 {
		s.concepts = append(s.concepts, concept)
	}
	s.asked[concept]++
	if right {
		s.right[concept]++
	}
}

// A Mark is the score of one concept.
type Mark struct {
	Concept      string
	Right, Asked int
}

// Marks returns the score, in the order in which the concepts came up.
func (s *Score) Marks() []Mark {
	var marks []Mark
	for _, concept := range s.concepts {
		marks = append(marks, Mark{concept, s.right[concept], s.asked[concept]})
	}
	return marks
}
