package quiz

import (
	"cmp"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/script"
)

// mostWrong is how many wrong choices a question has at most.
const mostWrong = 3

// A Question asks what comes of the last line of a script.
type Question struct {
	Name    string        // of the script that it is made of; empty if it has none
	Script  script.Script // up to the line that is asked about
	Remarks []string      // what the script says of that line, which gives the answer away
	Known   bool          // a kernel has shown the right answer: the script says it
	Choices []Choice      // two or more, in the order of their texts
	Right   int           // which of them is right
}

// A Choice is a possible answer.
type Choice struct {
	Text string // the result, as scripts write it
	// Neighbour is a script, of which this is the answer; Change says in which call
	// it is another. Both are zero for the right choice.
	Neighbour script.Script
	Change    string

	step script.Step
}

// Asked is the line that is asked about.
func (q Question) Asked() script.Line { return q.Script.Lines[len(q.Script.Lines)-1] }

// Given returns which choice is what a kernel gave, -1 if none is.
func (q Question) Given(step script.Step) int {
	if e := q.Asked().Expect; e != nil && e.Holds(step.Results...) {
		return q.Right
	}
	return slices.IndexFunc(q.Choices, func(c Choice) bool { return model.Same(c.step, step) })
}

// Difficulty grows with the calls that lead to the answer, and with what is to
// choose from.
func (q Question) Difficulty() int { return len(q.Script.Lines) + len(q.Choices) }

// About makes the question about a line of a script; ok is false if it has no
// wrong choices, or if nobody knows the right one.
func About(s script.Script, line int) (q Question, ok bool) {
	q = Question{Name: s.Name(), Script: upTo(s, line)}
	asked := s.Lines[line]
	step, sure := predict(q.Script)
	right := Choice{step: step, Text: step.Result()}
	switch e := asked.Expect; {
	case e == nil && !sure, asked.Actor.Thread == script.Every:
		return q, false
	case e != nil && (len(e.Any) != 1 || len(e.Set) > 0):
		return q, false // there are several right ones
	case e != nil && (!sure || !e.Holds(step.Results...)):
		right.Text = e.String()
		fallthrough
	case e != nil:
		q.Known = true
		q.Remarks = remarks(s, asked)
	}
	q.Choices = append([]Choice{right}, q.wrong(right)...)
	slices.SortFunc(q.Choices, func(a, b Choice) int { return cmp.Compare(a.Text, b.Text) })
	q.Right = slices.IndexFunc(q.Choices, func(c Choice) bool { return c.Change == "" })
	return q, len(q.Choices) > 1
}

// wrong are the choices that are not right: what neighbours of the script give,
// first what is more than other bytes.
func (q Question) wrong(right Choice) []Choice {
	expect := q.Asked().Expect
	var all []Choice
	for _, n := range neighbours(q.Script) {
		step, sure := predict(n.script)
		if !sure {
			n.script = unawaited(n.script)
			step, sure = predict(n.script)
		}
		text := step.Result()
		if !sure || text == right.Text || expect != nil && expect.Holds(step.Results...) ||
			slices.ContainsFunc(all, func(c Choice) bool { return c.Text == text }) {
			continue
		}
		all = append(all, Choice{Text: text, Neighbour: n.script, Change: n.change, step: step})
	}
	slices.SortStableFunc(all, func(a, b Choice) int { return cmp.Compare(b.weight(), a.weight()) })
	return all[:min(len(all), mostWrong)]
}

// weight is 1 of a choice that tells of the connection, and 0 of one that is bytes,
// or only that a call succeeded.
func (c Choice) weight() int {
	for _, r := range c.step.Results {
		switch r.Kind {
		case script.Data, script.Count, script.OK:
			return 0
		}
	}
	return 1
}

// telling orders the questions of one script: the most telling is the greatest.
func (q Question) telling() int { return 10*q.Choices[q.Right].weight() + len(q.Choices) }

// Bank makes a question of each script that has one, about its most telling line,
// the easiest first. No two are the same.
func Bank(scripts []script.Script) []Question {
	var all []Question
	asked := map[string]bool{}
	for _, s := range scripts {
		var best Question
		for line := range s.Lines {
			if s.Lines[line].Expect == nil || asked[upTo(s, line).String()] {
				continue
			}
			if q, ok := About(s, line); ok && (best.Choices == nil || q.telling() > best.telling()) {
				best = q
			}
		}
		if best.Choices != nil {
			asked[best.Script.String()] = true
			all = append(all, best)
		}
	}
	slices.SortStableFunc(all, func(a, b Question) int { return cmp.Compare(a.Difficulty(), b.Difficulty()) })
	return all
}

// Twin makes the question of the neighbour whose answer a choice is.
func (q Question) Twin(choice int) (twin Question, ok bool) {
	c := q.Choices[choice]
	twin, ok = About(c.Neighbour, len(c.Neighbour.Lines)-1)
	twin.Name = "a twin of " + strings.TrimPrefix(q.Name, "a twin of ")
	return twin, ok
}

// upTo is a script up to a line, without its remarks.
func upTo(s script.Script, line int) script.Script {
	cut := script.Script{Lines: slices.Clone(s.Lines[:line+1])}
	for i := range cut.Lines {
		cut.Lines[i].Before, cut.Lines[i].Comment = nil, ""
	}
	return cut
}

// remarks are what a script says of itself and of a line.
func remarks(s script.Script, asked script.Line) []string {
	var all []string
	if _, about, found := strings.Cut(s.Title, ":"); found {
		all = append(all, strings.TrimSpace(about))
	}
	all = append(all, asked.Before...)
	if asked.Comment != "" {
		all = append(all, asked.Comment)
	}
	return all
}

// predict is what the model says of the last line of a script. It is sure if the
// model gets there, if there is one way only that it can go, and if nothing is
// awaited in vain meanwhile: that would take the learner's time.
func predict(s script.Script) (step script.Step, sure bool) {
	outcomes := model.Outcomes(s)
	for i, o := range outcomes {
		if o.Stopped != "" || slices.ContainsFunc(o.Steps, inVain) {
			return step, false
		}
		last := o.Steps[len(o.Steps)-1]
		if i > 0 && last.Result() != step.Result() {
			return step, false
		}
		step = last
	}
	return step, true
}

// inVain says whether what was awaited did not come.
func inVain(step script.Step) bool {
	c := step.Line.Call
	return (c.Verb == script.Await || c.Within > 0) && len(step.Results) == 1 && step.Results[0].Kind == script.NotYet
}
