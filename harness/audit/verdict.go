package audit

import (
	"fmt"
	"slices"
	"strings"
)

// An Outcome is what a client made of a fault, judged by what the server
// executed.
type Outcome string

// The outcomes. Which of them are bad, [Verdict.Bad] tells.
const (
	Unharmed              Outcome = "UNHARMED"               // success, executed once, at the first attempt
	Retried               Outcome = "RETRIED"                // success, executed once, at a later attempt
	RetriedRead           Outcome = "RETRIED-READ"           // success, executed more than once, which does no harm
	Deduped               Outcome = "DEDUPED"                // success, executed once, and the server discarded the repeat
	Surfaced              Outcome = "SURFACED"               // an error of the class that the wire showed, executed at most once
	SurfacedMasked        Outcome = "SURFACED-MASKED"        // an error that does not tell what the wire showed
	SurfacedMislabelled   Outcome = "SURFACED-MISLABELLED"   // an error that says that nothing was executed, and something was
	Indeterminate         Outcome = "INDETERMINATE"          // the client says that the outcome is unknown
	Duplicated            Outcome = "DUPLICATED"             // success, and the work was done more than once
	DuplicatedError       Outcome = "DUPLICATED+ERROR"       // an error, and the work was done more than once
	TruncatedOK           Outcome = "TRUNCATED-OK"           // success with part of the data
	TruncatedUndetectable Outcome = "TRUNCATED-UNDETECTABLE" // as before, and the protocol gives no way to know
	LostOK                Outcome = "LOST-OK"                // success, and nothing was executed
	Late                  Outcome = "LATE"                   // right, but long after everything had happened
	Hung                  Outcome = "HUNG"                   // no result, and no attempt any more
	Storm                 Outcome = "STORM"                  // more attempts than allowed
	Informational         Outcome = "INFORMATIONAL"          // no judgement: still retrying when the time was over
	Unimplemented         Outcome = "UNIMPLEMENTED"          // the client cannot perform such a call
	NotStruck             Outcome = "NOT-STRUCK"             // the fault never struck: this proves nothing
	Broken                Outcome = "BROKEN"                 // the audit itself failed here
)

// A Hygiene is what a client left behind.
type Hygiene string

// The hygienes.
const (
	Clean         Hygiene = "CLEAN"
	LeakGoroutine Hygiene = "LEAK-GOROUTINE"
	LeakFD        Hygiene = "LEAK-FD"
	LeakProcess   Hygiene = "LEAK-PROCESS"
	PoolPoisoned  Hygiene = "POOL-POISONED" // the next call, with nothing in its way, failed
	Panicked      Hygiene = "PANIC"
)

// Outcomes returns every outcome, the better before the worse.
func Outcomes() []Outcome {
	return []Outcome{Unimplemented, Unharmed, Retried, Deduped, Surfaced, Indeterminate, RetriedRead, Informational,
		TruncatedUndetectable, SurfacedMasked, Late, Broken, NotStruck, SurfacedMislabelled, Storm, Hung, TruncatedOK,
		LostOK, Duplicated, DuplicatedError}
}

// Hygienes returns every hygiene.
func Hygienes() []Hygiene {
	return []Hygiene{Clean, LeakGoroutine, LeakFD, LeakProcess, PoolPoisoned, Panicked}
}

// A Verdict says what became of a cell on two axes, and why.
type Verdict struct {
	Outcome Outcome   `json:"outcome"`
	Hygiene []Hygiene `json:"hygiene"` // CLEAN alone, or all that was found
	Reason  string    `json:"reason"`  // what decided
}

// String names the verdict: the outcome, and the hygiene unless it is clean.
func (v Verdict) String() string {
	words := []string{string(v.Outcome)}
	for _, h := range v.Hygiene {
		if h != Clean {
			words = append(words, string(h))
		}
	}
	return strings.Join(words, " ")
}

// bad are the outcomes that no client should have.
var bad = []Outcome{SurfacedMislabelled, Duplicated, DuplicatedError, TruncatedOK, LostOK, Hung, Storm, NotStruck, Broken}

// weak are those that are right and could be better.
var weak = []Outcome{SurfacedMasked, Late}

// Bad says whether the verdict is one against the client, or says that nothing
// was proved.
func (v Verdict) Bad() bool {
	return slices.Contains(bad, v.Outcome) || !slices.Equal(v.Hygiene, []Hygiene{Clean})
}

// Weak says whether the client was right and could be better.
func (v Verdict) Weak() bool { return !v.Bad() && slices.Contains(weak, v.Outcome) }

// severity orders verdicts: the higher, the worse.
func (v Verdict) severity() int {
	order := Outcomes()
	n := slices.Index(order, v.Outcome)
	if v.Bad() {
		n += len(order)
	}
	return n
}

// Worse says whether v is worse than w.
func (v Verdict) Worse(w Verdict) bool { return v.severity() > w.severity() }

func reason(outcome Outcome, format string, args ...any) Verdict {
	return Verdict{Outcome: outcome, Hygiene: []Hygiene{Clean}, Reason: fmt.Sprintf(format, args...)}
}
