package render

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A word is how an outcome is written where there is little room, and what it
// means.
type word struct {
	outcome   verdict.Outcome
	short     string
	says      string
	uncounted string // what it means where nobody counts executions, if that is less
}

// words are in the order of the legend. The short ones of bad outcomes are
// upper-case.
var words = []word{
	{verdict.Unharmed, "ok", "success, executed once, at the first attempt", "success at the first attempt"},
	{verdict.Retried, "retried", "success, executed once, at a later attempt", "success at a later attempt"},
	{verdict.Deduped, "deduped", "success, and the server discarded the repeat", ""},
	{verdict.RetriedRead, "reread", "success, executed more than once, which does no harm", ""},
	{verdict.Surfaced, "error", "an error of the class that the wire showed, executed at most once",
		"an error of the class that the wire showed"},
	{verdict.Indeterminate, "unknown", "the client says that the outcome is unknown", ""},
	{verdict.SurfacedMasked, "masked", "an error that does not tell what the wire showed", ""},
	{verdict.Late, "late", "right, but long after everything had happened", ""},
	{verdict.TruncatedUndetectable, "part?", "success with part of the data, and no way to know", ""},
	{verdict.Unchecked, "unchecked", "success, and nobody knows whether the data, or the count, are right", ""},
	{verdict.Informational, "retrying", "still retrying when the time was over", ""},
	{verdict.Unimplemented, "n/a", "the client cannot perform such a call", ""},
	{verdict.SurfacedMislabelled, "MISLABEL", "an error that says that nothing was executed, and something was", ""},
	{verdict.Unprovoked, "UNPROVOKED", "an error, or another attempt, though all that was sent came whole and in order", ""},
	{verdict.Duplicated, "DUPLICATE", "the work was done more than once, and no error says so", ""},
	{verdict.DuplicatedError, "DUP+ERROR", "an error, and the work was done more than once", ""},
	{verdict.TruncatedOK, "TRUNCATED", "success with part of the data", ""},
	{verdict.Corrupted, "CORRUPT", "success with data that the server did not send", ""},
	{verdict.LostOK, "LOST", "success, and nothing was executed", ""},
	{verdict.Hung, "HUNG", "no result, and no attempt any more", ""},
	{verdict.Storm, "STORM", "more attempts than allowed", ""},
	{verdict.NotStruck, "unstruck", "the fault never struck: this proves nothing", ""},
	{verdict.Broken, "broken", "the audit or the machine failed here: this proves nothing", ""},
}

// marks of hygienes stand behind an outcome.
var marks = []struct {
	hygiene verdict.Hygiene
	short   string
	says    string
}{
	{verdict.LeakGoroutine, "+GO", "LEAK-GOROUTINE: it left a goroutine behind"},
	{verdict.LeakFD, "+FD", "LEAK-FD: it left a descriptor open"},
	{verdict.LeakProcess, "+PROC", "LEAK-PROCESS: it left a process behind"},
	{verdict.PoolPoisoned, "+POOL", "POOL-POISONED: the next call, with nothing in its way, failed"},
	{verdict.Panicked, "+PANIC", "PANIC: it panicked"},
}

// untold is an error of which a client does not tell the class.
var untold = word{verdict.Surfaced, "error?", "an error; its class was not told", ""}

// legend is the words that results have, with what they mean for these.
func legend(cells []verdict.Result) (list []word) {
	for _, w := range words {
		told, without, uncounted := false, false, false
		for _, c := range cells {
			switch {
			case !c.Verdict.Has(w.outcome):
			case c.Untold && w.outcome == untold.outcome:
				without = true
			default:
				told, uncounted = true, uncounted || c.Executed < 0
			}
		}
		if uncounted && w.uncounted != "" {
			w.says = w.uncounted
		}
		if told {
			list = append(list, w)
		}
		if without {
			list = append(list, untold)
		}
	}
	return list
}

// short is how the verdict of a result is written where there is little room.
func short(c verdict.Result) string {
	var all []string
	for _, o := range c.Verdict.Outcomes {
		name := string(o)
		for _, w := range words {
			if w.outcome == o {
				name = w.short
			}
		}
		if c.Untold && o == untold.outcome {
			name = untold.short
		}
		all = append(all, name)
	}
	text := strings.Join(all, "+")
	for _, m := range marks {
		if slices.Contains(c.Verdict.Hygiene, m.hygiene) {
			text += m.short
		}
	}
	return text
}

// A class is how a result is seen at a glance.
type class string

const (
	good      class = "good"
	weak      class = "weak"
	bad       class = "bad"
	unproven  class = "unproven"  // neither good nor bad
	unchecked class = "unchecked" // as good as one knows
	expected  class = "expected"  // bad, and listed
)

func classOf(r verdict.Result) class {
	switch {
	case r.Expected != "" && (r.Verdict.Bad() || r.Verdict.Weak() || r.Verdict.Unproven()):
		return expected
	case r.Verdict.Bad():
		return bad
	case r.Verdict.Unproven():
		return unproven
	case r.Verdict.Weak():
		return weak
	case r.Verdict.Has(verdict.Unchecked):
		return unchecked
	}
	return good
}

// sign is the mark of a class before a short word: colour is never alone.
func (c class) sign() string {
	switch c {
	case bad:
		return "✗"
	case weak:
		return "~"
	case unproven, unchecked:
		return "?"
	case expected:
		return "="
	}
	return " "
}

// signs says what those of a report mean.
func signs(r *verdict.Report) string {
	text := "✗ bad · ~ could be better · = bad, and expected"
	switch count := tally(r); {
	case count[unproven] > 0 && count[unchecked] > 0:
		text += " · ? nothing is proved, or not checked"
	case count[unproven] > 0:
		text += " · ? nothing is proved"
	case count[unchecked] > 0:
		text += " · ? not checked"
	}
	return text
}

// plain makes one line of text that is fit for a terminal.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(text)
}

// lasted writes a duration with three digits at most.
func lasted(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// says returns the sentence about a place of a report.
func says(r *verdict.Report, place string) string {
	for _, p := range r.Places {
		if p.ID == place {
			return p.Says
		}
	}
	return ""
}

// tally counts the results of a report by class.
func tally(r *verdict.Report) map[class]int {
	count := map[class]int{}
	for _, c := range r.Cells {
		count[classOf(c)]++
	}
	return count
}

// untried says what the report says nothing of; "" if nothing was left out.
func untried(r *verdict.Report) string {
	list := r.Untried
	if r.Left > 0 {
		list = append([]string{outOfTime(r)}, list...)
	}
	if len(list) == 0 {
		return ""
	}
	return "not tried: " + plain(strings.Join(list, "; "))
}

// outOfTime says how many cells were not begun for want of time.
func outOfTime(r *verdict.Report) string {
	return fmt.Sprintf("%d of %d cells, for want of time (--within)", r.Left, r.Left+len(r.Cells))
}

// summary says in a line what came of a report.
func summary(r *verdict.Report) string {
	count := tally(r)
	parts := []string{counted(len(r.Cells), "cell"), fmt.Sprintf("%d bad", count[bad])}
	if n := count[expected]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d expected", n))
	}
	if n := count[unproven]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d unproven", n))
	}
	if n := count[weak]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d weak", n))
	}
	if n := count[unchecked]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not checked", n))
	}
	parts = append(parts, fmt.Sprintf("%d good", count[good]))
	if n := len(r.Unmet); n > 0 {
		parts = append(parts, counted(n, "expectation")+" no longer met")
	}
	return strings.Join(parts, " · ")
}
