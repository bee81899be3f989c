package audit

import (
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// tolerable is the part of a call's time for which the machine may leave the
// audit unrun without any doubt about what the client did meanwhile: its own
// time-outs are longer.
const tolerable = 20

// A tried cell is its result, and for how long the machine did not run the audit
// meanwhile.
type tried struct {
	verdict.Result
	starvedFor time.Duration
}

// doubts says whether a result may be the audit's or the machine's doing, so
// that the cell is to be run again alone: nothing was proved, or it is against
// the client and the machine did not run the audit for a while. No client hangs
// of that: the clock stood still. A refused client that is late may have spent
// the time on being loaded, beside others: it shows on no connection when it
// begins. A client that fails where nothing was wrong may have failed for another
// reason, such as a server that was busy: it is to do so again. A program that did
// not end in time may only have been slow beside others.
func (r *run) doubts(result tried) bool { return r.unproven(result) || result.leavesProcess() }

// unproven says the same without looking at what was left behind.
func (r *run) unproven(result tried) bool {
	v := result.Verdict
	return v.Has(verdict.NotStruck, verdict.Broken, verdict.Unprovoked) || r.starved(result) && (v.Bad() || v.Weak()) && !v.Has(verdict.Hung) ||
		v.Has(verdict.Late) && result.Fault == point.Refuse
}

// enough is how many cells are run again alone, and leave processes behind again,
// until the rest is believed.
const enough = 3

func (t tried) leavesProcess() bool {
	return slices.Contains(t.Verdict.Hygiene, verdict.LeakProcess)
}

// overlooks says whether a sweep holds a poisoned pool against a client that may
// only have been slow to learn that its connection had ended: a sweep does not
// see when a client has closed it.
func (r *run) overlooks(result tried) bool {
	return r.sweeping && slices.Contains(result.Verdict.Hygiene, verdict.PoolPoisoned)
}

func (r *run) starved(result tried) bool { return result.starvedFor > r.limits.Time/tolerable }

// doubtless is the result of a cell that was run again alone. What depends on
// time proves nothing where the machine did not run the audit again: a client
// may have run into a time-out of its own.
func (r *run) doubtless(result tried) verdict.Result {
	if !r.starved(result) || !timed(result.Result) {
		return result.Result
	}
	was := result.Verdict
	result.Verdict = verdictOf(found(verdict.Broken, "the machine did not run the audit for %v of the cell, which proves nothing: it was %s: %s",
		result.starvedFor.Round(10*time.Millisecond), was, was.Reason))
	return result.Result
}

// timed says whether a time-out, of the audit or of the client, may have decided.
func timed(r verdict.Result) bool {
	return r.Verdict.Has(verdict.Late, verdict.Unprovoked) || slices.Contains(r.Verdict.Hygiene, verdict.PoolPoisoned) ||
		slices.Contains(r.Verdict.Hygiene, verdict.LeakProcess) ||
		r.Verdict.Has(verdict.SurfacedMasked) && slices.Contains([]harness.Ending{harness.GaveUp, harness.TimedOut}, r.Ending)
}
