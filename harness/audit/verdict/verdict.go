package verdict

import (
	"encoding/json"
	"slices"
	"strings"
)

// An Outcome is one thing that a client made of a fault, judged by what the
// server executed.
type Outcome string

// The outcomes. Which of them are bad, [Outcome.Bad] tells.
const (
	Unharmed              Outcome = "UNHARMED"               // success, executed once, at the first attempt
	Retried               Outcome = "RETRIED"                // success, executed once, at a later attempt
	RetriedRead           Outcome = "RETRIED-READ"           // success, executed more than once, which does no harm
	Deduped               Outcome = "DEDUPED"                // success, executed once, and the server discarded the repeat
	Surfaced              Outcome = "SURFACED"               // an error of the class that the wire showed, executed at most once
	SurfacedMasked        Outcome = "SURFACED-MASKED"        // an error that does not tell what the wire showed
	SurfacedMislabelled   Outcome = "SURFACED-MISLABELLED"   // an error that says that nothing was executed, and something was
	Indeterminate         Outcome = "INDETERMINATE"          // the client says that the outcome is unknown
	Duplicated            Outcome = "DUPLICATED"             // the work was done more than once, and no error says so
	DuplicatedError       Outcome = "DUPLICATED+ERROR"       // an error, and the work was done more than once
	TruncatedOK           Outcome = "TRUNCATED-OK"           // success with part of the data
	TruncatedUndetectable Outcome = "TRUNCATED-UNDETECTABLE" // as before, and the protocol gives no way to know
	Corrupted             Outcome = "CORRUPTED"              // success with data that the server did not send
	LostOK                Outcome = "LOST-OK"                // success, and nothing was executed
	Late                  Outcome = "LATE"                   // right, but long after everything had happened
	Hung                  Outcome = "HUNG"                   // no result, and no attempt any more
	Storm                 Outcome = "STORM"                  // more attempts than allowed
	Unchecked             Outcome = "UNCHECKED"              // success, and nobody knows whether it is right: the data, or the count
	Unprovoked            Outcome = "UNPROVOKED"             // an error, or another attempt, though all that was sent came whole and in order
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
	return []Outcome{Unimplemented, Unharmed, Retried, Deduped, Surfaced, Indeterminate, RetriedRead, Unchecked, Informational,
		TruncatedUndetectable, SurfacedMasked, Late, Broken, NotStruck, SurfacedMislabelled, Unprovoked, Storm, Hung, TruncatedOK,
		Corrupted, LostOK, Duplicated, DuplicatedError}
}

// Hygienes returns every hygiene.
func Hygienes() []Hygiene {
	return []Hygiene{Clean, LeakGoroutine, LeakFD, LeakProcess, PoolPoisoned, Panicked}
}

// Bad says whether no client should have the outcome.
func (o Outcome) Bad() bool {
	return slices.Contains([]Outcome{
		SurfacedMislabelled, Unprovoked, Duplicated, DuplicatedError, TruncatedOK, Corrupted, LostOK, Hung, Storm,
	}, o)
}

// Weak says whether the outcome is right and could be better.
func (o Outcome) Weak() bool { return o == SurfacedMasked || o == Late }

// Void says whether the outcome says nothing of the client: the fault did not
// strike, or the audit or the machine failed.
func (o Outcome) Void() bool { return o == NotStruck || o == Broken }

// A Verdict says what became of a cell on two axes, and why.
type Verdict struct {
	// Outcomes are all the bad ones, the worst first: none hides another. If
	// there is none, they are the weak ones, or the one that is good.
	Outcomes []Outcome `json:"outcomes"`
	Hygiene  []Hygiene `json:"hygiene"` // CLEAN alone, or all that was found
	Reason   string    `json:"reason"`  // what decided, for each outcome
}

// UnmarshalJSON reads also what version 1 of a report wrote, which had one
// outcome.
func (v *Verdict) UnmarshalJSON(text []byte) error {
	type plain Verdict // without this method
	var either struct {
		plain
		Outcome Outcome `json:"outcome"`
	}
	if err := json.Unmarshal(text, &either); err != nil {
		return err
	}
	*v = Verdict(either.plain)
	if len(v.Outcomes) == 0 && either.Outcome != "" {
		v.Outcomes = []Outcome{either.Outcome}
	}
	return nil
}

// Has says whether one of these outcomes is among those of the verdict.
func (v Verdict) Has(outcomes ...Outcome) bool {
	return slices.ContainsFunc(v.Outcomes, func(o Outcome) bool { return slices.Contains(outcomes, o) })
}

// String names the verdict: the outcomes, and the hygiene unless it is clean.
func (v Verdict) String() string {
	var words []string
	for _, o := range v.Outcomes {
		words = append(words, string(o))
	}
	for _, h := range v.Hygiene {
		if h != Clean {
			words = append(words, string(h))
		}
	}
	return strings.Join(words, " ")
}

// Bad says whether the verdict is one against the client.
func (v Verdict) Bad() bool {
	return slices.ContainsFunc(v.Outcomes, Outcome.Bad) || !slices.Equal(v.Hygiene, []Hygiene{Clean})
}

// Unproven says whether the verdict is neither for nor against the client: what
// was to be tried did not come about, as where the machine had no room for it.
func (v Verdict) Unproven() bool { return !v.Bad() && slices.ContainsFunc(v.Outcomes, Outcome.Void) }

// Weak says whether the client was right and could be better.
func (v Verdict) Weak() bool { return !v.Bad() && slices.ContainsFunc(v.Outcomes, Outcome.Weak) }

// With is the verdict and a hygiene that was found besides.
func (v Verdict) With(found Hygiene) Verdict {
	others := slices.DeleteFunc(slices.Clone(v.Hygiene), func(h Hygiene) bool { return h == Clean || h == found })
	v.Hygiene = append(others, found)
	return v
}

// severity orders verdicts: the higher the first number that differs, or the
// more there are, the worse.
func (v Verdict) severity() (numbers []int) {
	order := Outcomes()
	for _, o := range v.Outcomes {
		n := slices.Index(order, o)
		if v.Bad() {
			n += len(order)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Worse says whether v is worse than w.
func (v Verdict) Worse(w Verdict) bool { return slices.Compare(v.severity(), w.severity()) > 0 }
