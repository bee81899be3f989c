package audit

import (
	"slices"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// nothingWrong is the reason of an UNPROVOKED.
const nothingWrong = "nothing was wrong, all that the server sent came whole and in order"

// provokesNothing says whether nothing in a fault is a reason to try again. A pause
// is for a client that waits less long, or asks twice at once if the first is slow.
func (o observation) provokesNothing() bool {
	return o.cell.Fault.Harmless() && o.cell.Fault != point.Pause
}

// judgeUnprovoked judges an error where nothing was wrong. Behind a pause it may be
// the client's own time-out, which is its right.
func judgeUnprovoked(o observation) finding {
	timedOut := slices.Contains([]harness.Ending{harness.GaveUp, harness.TimedOut}, o.answer.ending())
	untold := o.answer.Opaque && o.answer.Ending == ""
	switch {
	case o.cell.Fault == point.Pause && timedOut:
		return found(verdict.Surfaced, "gave up in a pause of %v: %v", o.limits.Pause, o.answer.Err)
	case o.cell.Fault == point.Pause && untold:
		return found(verdict.Surfaced, "%v, in a pause of %v, which may be its own time-out; the client does not tell errors apart",
			o.answer.Err, o.limits.Pause)
	}
	return found(verdict.Unprovoked, "%s, and the client reports %v", nothingWrong, o.answer.Err)
}
