package cli

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/script"
)

// words are what is said of the verdicts.
var words = map[script.Verdict]string{
	script.Free: "ran", script.Held: "ok", script.Differs: "DIFFERS", script.Unjudged: "UNJUDGED",
}

// show shows what came of a script: all of it if it is the only one, or if it
// is not as expected.
func (t *trial) show(one *tried) error {
	verdict := one.verdict()
	if !t.single {
		fmt.Fprintf(t.out, "%-8s %s%s%s\n", words[verdict], terminal.Line(one.name()), one.times(), one.forecast())
	}
	if t.single || one.surprised() || verdict == script.Differs || verdict == script.Unjudged || len(one.answers) > 1 {
		t.answers(one)
	}
	if one.recording == nil || t.flags.card == "never" || t.flags.card == "auto" && !t.single {
		return nil
	}
	fmt.Fprintln(t.out)
	return t.flags.style.draw(t.out, one.recording)
}

// times says how often a script was run, and in how many ways it came out.
func (one *tried) times() string {
	total := 0
	for _, v := range one.answers {
		total += v.Times
	}
	switch {
	case total == 1:
		return ""
	case len(one.answers) == 1:
		return fmt.Sprintf(": %d times the same", total)
	}
	return fmt.Sprintf(": %d times, in %d ways", total, len(one.answers))
}

// answers writes the answers, of several with how often each came.
func (t *trial) answers(one *tried) {
	indent := ""
	if !t.single {
		indent = "    "
	}
	for _, v := range one.answers {
		if len(one.answers) > 1 {
			fmt.Fprintf(t.out, "%s%s:\n", indent, counted(int64(v.Times), "time"))
		}
		for line := range strings.Lines(one.text(v.Answer)) {
			fmt.Fprint(t.out, indent, line)
		}
	}
}

// conclude sums up, and says by its error what the exit status is.
func (t *trial) conclude() error {
	count := map[script.Verdict]int{}
	for _, one := range t.tried {
		count[one.verdict()]++
	}
	if len(t.tried) > 1 {
		parts := []string{counted(int64(len(t.tried)), "script")}
		for _, v := range []script.Verdict{script.Held, script.Free, script.Differs, script.Unjudged} {
			if count[v] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", count[v], map[script.Verdict]string{
					script.Held: "as expected", script.Free: "expected nothing", script.Differs: "NOT as expected",
					script.Unjudged: "NOT judged",
				}[v]))
			}
		}
		fmt.Fprintf(t.out, "%s · %.1f s\n", strings.Join(parts, " · "), time.Since(t.began).Seconds())
	}
	switch {
	case count[script.Differs] > 0:
		return fmt.Errorf("not as expected: %s", t.first(script.Differs))
	case count[script.Unjudged] > 0:
		return badInputf("not judged: %s", t.first(script.Unjudged))
	}
	for _, one := range t.tried {
		if one.surprised() {
			return fmt.Errorf("not as predicted: %s", one.name())
		}
	}
	return nil
}

// first names the first script with a verdict, and its first line that has it.
func (t *trial) first(verdict script.Verdict) string {
	for _, one := range t.tried {
		if one.verdict() != verdict {
			continue
		}
		for _, v := range one.answers {
			for _, step := range v.Answer.Steps {
				if step.Verdict() == verdict {
					return fmt.Sprintf("%s, line %d: %s gave %s", one.name(), step.Line.At.Line, step.Line, step.Result())
				}
			}
			if verdict == script.Unjudged && v.Answer.Stopped != "" {
				return one.name() + ": " + v.Answer.Stopped
			}
		}
	}
	return ""
}

// writeJSON writes the answers.
func (t *trial) writeJSON(w io.Writer) error {
	type answer struct {
		script.Answer
		Times   int            `json:"times"`
		Verdict script.Verdict `json:"verdict"`
	}
	type file struct {
		Script  string         `json:"script"`
		File    string         `json:"file,omitempty"`
		Verdict script.Verdict `json:"verdict"`
		Answers []answer       `json:"answers"` // one, or as many as were different
		// With --predict, the ways that the model says it can go, and whether each
		// answer is one of them as far as they go.
		Predicted   []script.Answer `json:"predicted,omitempty"`
		AsPredicted *bool           `json:"as_predicted,omitempty"`
	}
	form := struct {
		Version int    `json:"version"`
		Scripts []file `json:"scripts"`
	}{Version: 1}
	for _, one := range t.tried {
		f := file{Script: one.script.String(), File: one.file, Verdict: one.verdict()}
		for _, v := range one.answers {
			f.Answers = append(f.Answers, answer{v.Answer, v.Times, v.Answer.Verdict()})
		}
		if one.outcomes != nil {
			agrees := !one.surprised()
			f.Predicted, f.AsPredicted = one.outcomes, &agrees
		}
		form.Scripts = append(form.Scripts, f)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(form)
}

// The elements of a JUnit file of scripts.
type (
	scriptSuite struct {
		XMLName  xml.Name     `xml:"testsuite"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Cases    []scriptCase `xml:"testcase"`
	}
	scriptCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *scriptFailed `xml:"failure,omitempty"`
		Error   *scriptFailed `xml:"error,omitempty"`
	}
	scriptFailed struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a test case a script: a failure if it is not as expected, an
// error if it could not be judged.
func (t *trial) writeJUnit(w io.Writer) error {
	suite := scriptSuite{Name: "resetlab try", Tests: len(t.tried), Time: seconds(time.Since(t.began))}
	for _, one := range t.tried {
		c := scriptCase{Class: "scripts", Name: terminal.Line(one.name()), Time: seconds(one.took)}
		var text strings.Builder
		for _, v := range one.answers {
			text.WriteString(one.text(v.Answer))
		}
		switch verdict := one.verdict(); {
		case verdict == script.Differs:
			c.Failure = &scriptFailed{"not as expected", text.String()}
			suite.Failures++
		case verdict == script.Unjudged:
			c.Error = &scriptFailed{"not judged", text.String()}
			suite.Errors++
		case one.surprised():
			c.Failure = &scriptFailed{"not as predicted", text.String()}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
