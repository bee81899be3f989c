package audit

import (
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// tolerable is the part of a call's time for which the machine may leave the
// audit unrun without any doubt about what the client did meanwhile: its own
// time-outs are longer.
const tolerable = 20

// doubts says whether a result may be the audit's or the machine's doing, so
// that the cell is to be run again alone: nothing was proved, or it is against
// the client and the machine did not run the audit for a while. No client hangs
// of that: the clock stood still. A refused client that is late may have spent
// the time on being loaded, beside others: it shows on no connection when it
// begins.
func (r *run) doubts(result Result) bool {
	v := result.Verdict
	return v.Has(void...) || r.starved(result) && (v.Bad() || v.Weak()) && !v.Has(Hung) ||
		v.Has(Late) && result.Fault == Refuse
}

func (r *run) starved(result Result) bool { return result.starvedFor > r.limits.Time/tolerable }

// doubtless is the result of a cell that was run again alone. What depends on
// time proves nothing where the machine did not run the audit again: a client
// may have run into a time-out of its own.
func (r *run) doubtless(result Result) Result {
	if !r.starved(result) || !result.timed() {
		return result
	}
	was := result.Verdict
	result.Verdict = verdictOf(found(Broken, "the machine did not run the audit for %v of the cell, which proves nothing: it was %s: %s",
		result.starvedFor.Round(10*time.Millisecond), was, was.Reason))
	return result
}

// timed says whether a time-out, of the audit or of the client, may have decided.
func (r Result) timed() bool {
	return r.Verdict.Has(Late) || slices.Contains(r.Verdict.Hygiene, PoolPoisoned) ||
		r.Verdict.Has(SurfacedMasked) && slices.Contains([]harness.Ending{harness.GaveUp, harness.TimedOut}, r.Ending)
}
