package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// The elements of a JUnit file, as CI systems read them.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitMessage `xml:"skipped,omitempty"`
		Failure *junitMessage `xml:"failure,omitempty"`
		Error   *junitMessage `xml:"error,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes reports as a JUnit file: a suite a report, a test case a cell,
// an error for each that proved nothing, a failure for each bad verdict that was
// not expected and each expectation that is met no more; cells that there was no
// time for are one that is skipped. The error is that of writing to w.
func JUnit(w io.Writer, reports ...*verdict.Report) error {
	var file junitSuites
	for _, r := range reports {
		file.Suites = append(file.Suites, suiteOf(r))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(file); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(r *verdict.Report) junitSuite {
	s := junitSuite{
		Name: plain(r.Subject + " " + r.Protocol), Time: fmt.Sprintf("%.3f", r.Duration.Seconds()),
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
	}
	for _, c := range r.Cells {
		s.add(caseOf(r, c))
	}
	for _, unmet := range r.Unmet {
		s.add(junitCase{Class: plain(r.Subject) + ".expectations", Name: plain(unmet), Time: "0",
			Failure: &junitMessage{Message: "expected, and not so any more", Type: "UNMET", Text: plain(unmet)}})
	}
	if r.Left > 0 {
		s.add(junitCase{Class: plain(r.Subject), Name: outOfTime(r), Time: "0", Skipped: &junitMessage{Message: "not tried: " + outOfTime(r)}})
	}
	if r.Stopped != "" {
		s.add(junitCase{Class: plain(r.Subject), Name: "every cell was run", Time: "0",
			Failure: &junitMessage{Message: plain(r.Stopped), Type: "INCOMPLETE", Text: plain(r.Stopped)}})
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

func caseOf(r *verdict.Report, c verdict.Result) junitCase {
	j := junitCase{
		Class: plain(r.Subject) + "." + plain(c.Place), Name: plain(c.ID), Time: fmt.Sprintf("%.3f", c.Duration.Seconds()),
	}
	message := fmt.Sprintf("%s: %s", c.Verdict, plain(c.Verdict.Reason))
	switch {
	case classOf(c) == bad:
		j.Failure = &junitMessage{Message: message, Type: kind(c.Verdict), Text: strings.Join(evidence(c), "\n")}
	case classOf(c) == unproven:
		j.Error = &junitMessage{Message: message, Type: kind(c.Verdict), Text: strings.Join(evidence(c), "\n")}
	case c.Verdict.Has(verdict.Unimplemented):
		j.Skipped = &junitMessage{Message: message}
	case c.Expected != "":
		j.Out = message + "\nexpected: " + plain(c.Expected)
	default:
		j.Out = message
	}
	return j
}

// kind is the outcomes of a verdict as CI systems group failures by them.
func kind(v verdict.Verdict) string {
	var names []string
	for _, o := range v.Outcomes {
		names = append(names, string(o))
	}
	return strings.Join(names, " ")
}

// evidence lists what is known of a result, a fact a line.
func evidence(c verdict.Result) []string {
	lines := []string{
		fmt.Sprintf("struck %s; %s; executed %s", times(c.Strikes), counted(len(c.Attempts), "attempt"), executions(c)),
	}
	if c.Cut != nil {
		lines = append(lines, fmt.Sprintf("cut toward the %s: %q passed last, %q was withheld", c.Cut.Toward, c.Cut.Before, c.Cut.After))
	}
	for _, err := range c.Chain {
		lines = append(lines, "error "+plain(err))
	}
	if c.FollowUp != "" {
		lines = append(lines, "afterwards: "+plain(c.FollowUp))
	}
	if c.Known != "" {
		lines = append(lines, "it could have known: "+plain(c.Known))
	}
	if c.Trace != nil {
		lines = append(lines, "its system calls: "+traceSays(c.Trace))
		lines = append(lines, traceLines(c.Trace)...)
	}
	return lines
}

func times(n int) string { return counted(n, "time") }

func executions(c verdict.Result) string {
	if c.Executed < 0 {
		return "an unknown number of times"
	}
	text := times(c.Executed)
	if c.Discarded > 0 {
		text += ", " + counted(c.Discarded, "repeat") + " discarded"
	}
	return text
}
