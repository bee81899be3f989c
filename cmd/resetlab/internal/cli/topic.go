package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// A topic is what explain explains: a cause, a reason of the kernel's, or the
// words of a program.
type topic interface {
	write(w io.Writer, all bool)
	causes() []causes.Cause // that it can be, the likeliest first
}

type causeTopic struct{ causes.Cause }

func (t causeTopic) causes() []causes.Cause { return []causes.Cause{t.Cause} }

func (t causeTopic) write(w io.Writer, _ bool) {
	fmt.Fprintf(w, "%s · %s\n\n", t.Name, t.What)
	writeCause(w, t.Cause)
	if len(t.Reasons) > 0 {
		writeWrapped(w, "  kernel  ", fmt.Sprintf("%s, where it tells its reason for the RST", anyOf(t.Reasons)))
	}
	var words []string
	for _, p := range causes.Phrases() {
		likely := func(c causes.Pointer) bool { return c.Cause == t.Name && c.Odds == causes.Likely }
		if slices.ContainsFunc(p.Points, likely) {
			words = append(words, fmt.Sprintf("%q", strings.TrimPrefix(p.Words[0], "=")))
		}
	}
	var others []string
	for _, s := range catalogue.All() {
		if s.Cause == t.Name && s.Name != t.Scenario {
			others = append(others, s.Name)
		}
	}
	if len(others) > 0 {
		writeWrapped(w, "  others  ", strings.Join(others, ", "))
	}
	if len(words) > 0 {
		writeWrapped(w, "  heard   ", "likely behind "+strings.Join(words, ", "))
	}
}

func anyOf(reasons []tcp.Reason) string {
	var names []string
	for _, reason := range reasons {
		names = append(names, string(reason))
	}
	return strings.Join(names, " or ")
}

type reasonTopic struct{ reason tcp.Reason }

func (t reasonTopic) causes() []causes.Cause { return causes.ByReason(t.reason) }

func (t reasonTopic) write(w io.Writer, _ bool) {
	words, _ := t.reason.Explain()
	fmt.Fprintf(w, "%s · a reason for which Linux sends a RST\n\n", t.reason)
	writeWrapped(w, "  ", words)
	if found := t.causes(); len(found) > 0 {
		fmt.Fprintf(w, "\nIt can be\n")
		for _, c := range found {
			fmt.Fprintln(w)
			writeWrapped(w, "  ", c.Name+": "+c.What+".")
			writeCause(w, c)
		}
	}
	fmt.Fprintf(w, "\nWhat would settle it\n")
	writeWrapped(w, "  - ", "See it on a machine of yours, with its process: perf trace -e tcp:tcp_send_reset, as root "+
		"(Linux 6.12 or later).")
}

type phraseTopic struct{ found []causes.Match }

func (t phraseTopic) causes() []causes.Cause {
	var all []causes.Cause
	for _, pointer := range t.found[0].Phrase.Causes() {
		if c, ok := causes.Find(pointer.Cause); ok {
			all = append(all, c)
		}
	}
	return all
}

// manyCauses is how many causes are told in full unless all are wanted.
const manyCauses = 4

func (t phraseTopic) write(w io.Writer, all bool) {
	p := t.found[0].Phrase
	fmt.Fprintf(w, "%s · %s\n\nWhat is sure\n", t.found[0].Words, saidBy(p))
	writeWrapped(w, "  ", p.Sure)
	writeWrapped(w, "  source  ", p.Known)
	fmt.Fprintf(w, "\nWhat it can be: the words alone do not tell\n")
	pointers, width := p.Causes(), 0
	for _, pointer := range pointers {
		width = max(width, len(pointer.Cause))
	}
	for i, pointer := range pointers {
		c, _ := causes.Find(pointer.Cause)
		if i >= manyCauses && !all {
			if i == manyCauses {
				fmt.Fprintf(w, "\n  or, in short (in full with --all, or resetlab explain NAME):\n")
			}
			writeWrapped(w, fmt.Sprintf("  %-*s  if ", width, c.Name), pointer.When)
			continue
		}
		fmt.Fprintln(w)
		writeWrapped(w, "  ", fmt.Sprintf("%s (%s): %s.", c.Name, pointer.Odds, c.What))
		writeWrapped(w, "  if      ", pointer.When)
		writeCause(w, c)
	}
	fmt.Fprintf(w, "\nWhat would settle it\n")
	for _, question := range p.Settles() {
		writeWrapped(w, "  - ", question)
	}
	for _, m := range t.found[1:] {
		fmt.Fprintf(w, "\nThere is also: %s · %s\n", m.Words, saidBy(m.Phrase))
		writeWrapped(w, "  ", m.Phrase.Sure)
	}
}

// saidBy says whose words a phrase is, and what it stands for.
func saidBy(p causes.Phrase) string {
	of := "words of " + p.Of
	if p.Of == "" {
		of = "the system's own words"
	}
	if g, ok := errorNames[p.Ending]; ok {
		return of + " for " + g
	}
	return of
}

// errorNames are how the endings are known.
var errorNames = map[tcp.Ending]string{
	tcp.Reset: "a reset (ECONNRESET)", tcp.BrokenPipe: "a broken pipe (EPIPE)", tcp.Refused: "a refusal (ECONNREFUSED)",
	tcp.TimedOut: "a time-out (ETIMEDOUT)", tcp.Aborted: "an abort by this machine (ECONNABORTED)",
	tcp.Finished: "an orderly end (EOF)", tcp.Unreachable: "no way (EHOSTUNREACH)", tcp.GaveUp: "an own time-out",
	tcp.Closed: "a connection closed by oneself",
}

// writeCause writes why a cause ends connections, its cure, and what shows it.
func writeCause(w io.Writer, c causes.Cause) {
	writeWrapped(w, "  why     ", c.Why)
	writeWrapped(w, "  cure    ", c.Cure)
	if c.Scenario == "" {
		writeWrapped(w, "  see     ", "no scenario shows it: "+c.Unshown)
		return
	}
	fmt.Fprintf(w, "  see     %s\n", commandLine("run", c.Scenario))
	s, _ := catalogue.Find(c.Scenario)
	if all, err := scriptsOf(s); err == nil && len(all) > 0 {
		fmt.Fprintf(w, "  try     %s\n", commandLine("try", oneLine(all[0])))
	}
}

// writeWrapped writes text in lines of 80 columns, the first behind the
// bullet, the others below the text.
func writeWrapped(w io.Writer, bullet, text string) {
	const width = 80
	indent := strings.Repeat(" ", len(bullet))
	line, begun := bullet, false
	for word := range strings.FieldsSeq(text) {
		if begun && len([]rune(line))+1+len([]rune(word)) > width {
			fmt.Fprintln(w, line)
			line, begun = indent, false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	fmt.Fprintln(w, line)
}
