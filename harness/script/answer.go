package script

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// An Answer is what came of a script, by whoever made its calls: the kernel, or
// a model of it.
type Answer struct {
	Title string `json:"title,omitempty"`
	Steps []Step `json:"steps"`
	// Stopped says why the script ended before its last line; empty if it did
	// not.
	Stopped string `json:"stopped,omitempty"`
	// Waiting are the threads whose calls had not returned at the end.
	Waiting []string `json:"waiting,omitempty"`
}

// A Step is a line with what came of it.
type Step struct {
	Line    Line
	Results []Result // one; of a line about all threads of an end one for each
	Note    string   // what is to be known about it; mostly empty
	// Doubt says why a result that is not as expected may be the machine's doing;
	// mostly empty.
	Doubt string
}

// Verdicts of a [Step] or an [Answer].
const (
	Free     Verdict = "free"       // nothing was expected
	Held     Verdict = "held"       // it is as expected
	Differs  Verdict = "differs"    // it is not
	Unjudged Verdict = "not judged" // nobody can tell what came
)

// A Verdict compares what came with what was expected.
type Verdict string

// Verdict compares the step with its expectation.
func (s Step) Verdict() Verdict {
	if s.Line.Expect == nil {
		return Free
	}
	for _, r := range s.Results {
		if r.Kind == Unknown {
			return Unjudged
		}
	}
	switch {
	case s.Line.Expect.Holds(s.Results...):
		return Held
	case s.Doubt != "":
		return Unjudged
	}
	return Differs
}

// Verdict is Differs if one step differs; else Unjudged if one was not judged or
// the script stopped; else Held if something was expected.
func (a Answer) Verdict() Verdict {
	verdict := Free
	if a.Stopped != "" {
		verdict = Unjudged
	}
	for _, step := range a.Steps {
		switch v := step.Verdict(); {
		case v == Differs:
			return Differs
		case v == Unjudged, v == Held && verdict == Free:
			verdict = v
		}
	}
	return verdict
}

// Result writes what came of the line: "ECONNRESET", "{1, not yet}".
func (s Step) Result() string {
	var all []string
	for _, r := range s.Results {
		all = append(all, r.String())
	}
	if s.Line.Actor.Thread == Every {
		return "{" + strings.Join(all, ", ") + "}"
	}
	return strings.Join(all, "")
}

// Text writes the lines with their results, and beside what is not as expected
// what was. Lines that nobody wrote are left out, but for the proxy's.
func (a Answer) Text() string {
	var b strings.Builder
	calls, results := 0, 0
	var shown []Step
	for _, step := range a.Steps {
		if step.Line.Implied() && step.ok() && step.Line.Call.Verb != Between {
			continue
		}
		shown = append(shown, step)
		calls = max(calls, utf8.RuneCountInString(step.Line.calls()))
		if step.said() != "" {
			results = max(results, utf8.RuneCountInString(step.Result()))
		}
	}
	for _, step := range shown {
		text := pad(step.Line.calls(), calls) + " → " + step.Result()
		if said := step.said(); said != "" {
			text = pad(step.Line.calls(), calls) + " → " + pad(step.Result(), results) + "   " + said
		}
		b.WriteString(text + "\n")
		if step.Note != "" {
			b.WriteString("    " + step.Note + "\n")
		}
		if step.Doubt != "" && step.Verdict() == Unjudged {
			b.WriteString("    " + step.Doubt + "\n")
		}
	}
	if a.Stopped != "" {
		b.WriteString("stopped: " + a.Stopped + "\n")
	}
	for _, who := range a.Waiting {
		b.WriteString(who + " still waits at the end\n")
	}
	return b.String()
}

// ok says whether a line that nobody wrote came out as anybody would think.
func (s Step) ok() bool { return len(s.Results) == 1 && s.Results[0].Kind == OK }

// said is what stands beside a result that is not as expected.
func (s Step) said() string {
	switch s.Verdict() {
	case Differs:
		return "✗ expected " + s.Line.Expect.String()
	case Unjudged:
		return "? expected " + s.Line.Expect.String()
	}
	return ""
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// MarshalJSON writes the step with its line and result as scripts have them.
func (s Step) MarshalJSON() ([]byte, error) {
	form := struct {
		At      *Position `json:"at,omitempty"` // none: the line goes without saying
		Actor   string    `json:"actor"`
		Call    string    `json:"call"`
		Result  string    `json:"result"`
		Results []Result  `json:"results"`
		Expect  string    `json:"expected,omitempty"`
		Verdict Verdict   `json:"verdict"`
		Note    string    `json:"note,omitempty"`
		Doubt   string    `json:"doubt,omitempty"`
	}{
		Actor: s.Line.Actor.String(), Call: s.Line.Call.String(), Result: s.Result(), Results: s.Results,
		Verdict: s.Verdict(), Note: s.Note, Doubt: s.Doubt,
	}
	if !s.Line.Implied() {
		form.At = &s.Line.At
	}
	if s.Line.Expect != nil {
		form.Expect = s.Line.Expect.String()
	}
	return json.Marshal(form)
}

// MarshalJSON writes the result; bytes that are no letters as \xHH.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	r.Data = strings.TrimSuffix(strings.TrimPrefix(quote(r.Data), `"`), `"`)
	return json.Marshal(plain(r))
}
