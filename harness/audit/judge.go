package audit

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// An observation is all that is known of a cell when it is over.
type observation struct {
	cell     Cell
	place    Place
	strikes  int
	attempts int
	account  Account
	answer   Answer
	want     []byte        // the complete reply; nil if not known
	returned bool          // the client came back in time
	waited   time.Duration // from the last thing that happened until it came back or was given up
	limits   Limits
}

// judge finds the outcome: what decides first is said first.
func judge(o observation) Verdict {
	switch {
	case o.answer.Unimplemented:
		return reason(Unimplemented, "the client cannot perform such a call")
	case o.strikes == 0:
		return reason(NotStruck, "the fault never struck: after %s the audit proved nothing", counted(o.attempts, "attempt"))
	case o.attempts > o.limits.Attempts:
		return reason(Storm, "more than %s", counted(o.limits.Attempts, "attempt"))
	case !o.returned && o.cell.Fault == Refuse:
		return reason(Informational, "no result within %v: attempts at an address where nobody listens are not seen",
			o.limits.Time)
	case !o.returned && o.waited >= o.limits.Quiet:
		return reason(Hung, "no result within %v, and no attempt in the last %v", o.limits.Time, o.limits.Quiet)
	case !o.returned:
		return reason(Informational, "still retrying after %v: %s", o.limits.Time, counted(o.attempts, "attempt"))
	case o.answer.Err != nil:
		return judgeError(o)
	}
	return judgeSuccess(o)
}

func judgeSuccess(o observation) Verdict {
	executed := o.account.Executed
	switch {
	case executed > 1 && o.cell.Operation == Write:
		return reason(Duplicated, "executed %d times, and the client reports success", executed)
	case o.want != nil && o.answer.Body != nil && !bytes.Equal(o.want, o.answer.Body):
		return judgeBody(o)
	case executed == 0:
		return reason(LostOK, "the client reports success and nothing was executed")
	case o.late():
		return reason(Late, "success came %v after the last thing that happened", o.waited)
	case executed > 1:
		return reason(RetriedRead, "executed %d times, which the operation allows", executed)
	case o.account.Discarded > 0:
		return reason(Deduped, "the server discarded %s", counted(o.account.Discarded, "repeat"))
	case o.attempts > 1:
		return reason(Retried, "success at attempt %d, executed once", o.attempts)
	}
	return reason(Unharmed, "success at the first attempt, executed once")
}

func judgeBody(o observation) Verdict {
	got, want := o.answer.Body, o.want
	if !bytes.HasPrefix(want, got) {
		return reason(TruncatedOK, "success with data that the server did not send (%d bytes for %d)", len(got), len(want))
	}
	finished := slices.Contains([]Fault{FIN, FINRST, HalfClose}, o.cell.Fault)
	if o.place.secured {
		finished = o.cell.Fault == CloseNote // a FIN without it is no end: RFC 8446, section 6.1
	}
	if o.place.Unframed && finished {
		return reason(TruncatedUndetectable, "success with %d of %d bytes; a FIN is how such a reply ends", len(got), len(want))
	}
	return reason(TruncatedOK, "success with %d of %d bytes", len(got), len(want))
}

func judgeError(o observation) Verdict {
	executed := o.account.Executed
	switch {
	case executed > 1 && o.cell.Operation == Write:
		return reason(DuplicatedError, "executed %d times, and the client reports %v", executed, o.answer.Err)
	case o.answer.Unexecuted && executed > 0:
		return reason(SurfacedMislabelled, "the client says that nothing was executed, and something was: %v", o.answer.Err)
	case o.late():
		return reason(Late, "the error came %v after the last thing that happened: %v", o.waited, o.answer.Err)
	case o.answer.Unknown:
		return reason(Indeterminate, "the client says that the outcome is unknown: %v", o.answer.Err)
	case o.answer.Opaque && o.answer.Ending == "":
		return reason(Surfaced, "%v; the client does not tell errors apart", o.answer.Err)
	}
	ending, shown := o.answer.ending(), showing(o.cell.Fault)
	if !slices.Contains(shown, ending) {
		return reason(SurfacedMasked, "the wire showed %s, the error says %q: %v", shown[0], ending, o.answer.Err)
	}
	return reason(Surfaced, "%v", o.answer.Err)
}

// late says whether the result came without a reason in the fault.
func (o observation) late() bool {
	stalled := o.cell.Fault == Stall || o.cell.Fault == StallRST
	return !stalled && o.waited >= o.limits.Late
}

func (a Answer) ending() harness.Ending {
	if a.Ending != "" {
		return harness.Ending(a.Ending)
	}
	return harness.EndingOf(a.Err)
}

// showing returns the endings that an error may tell when a fault has struck.
func showing(f Fault) []harness.Ending {
	switch f {
	case RST, Unread:
		return []harness.Ending{harness.Reset, harness.BrokenPipe}
	case FIN, HalfClose, CloseNote:
		return []harness.Ending{harness.Finished}
	case GoAway: // clients have errors of their own for the frame
		return []harness.Ending{harness.Finished, harness.Other}
	case RSTStream: // the same, and no connection has ended
		return []harness.Ending{harness.Other}
	case FINRST:
		return []harness.Ending{harness.Finished, harness.BrokenPipe, harness.Reset}
	case StallRST:
		return []harness.Ending{harness.Reset, harness.BrokenPipe, harness.GaveUp}
	case Refuse:
		return []harness.Ending{harness.Refused}
	}
	return []harness.Ending{harness.GaveUp, harness.TimedOut}
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
