package audit

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// An observation is all that is known of a cell when it is over.
type observation struct {
	cell     point.Cell
	place    point.Place
	strikes  int
	unstruck string // why the fault could not strike; empty if that is not known
	nameless bool   // requests were seen, and the call's id in none of them
	attempts int
	account  Account
	answer   Answer
	want     []byte        // the complete reply; nil if not known
	sampled  bool          // want is what another call has returned
	returned bool          // the client came back in time
	waited   time.Duration // from the last thing that happened until it came back
	limits   Limits
	overTLS  bool          // the client speaks TLS
	delayed  time.Duration // of waited, what is not the client's or may not be: it was loaded, waited for a processor, or was done
	useful   int           // attempts that carried a request of the call or were struck; all of them if that is not seen

	// Of a client that did not come back: how many attempts it made after the
	// first strike, whether it was still making them, and how long ago the last
	// one was.
	retries  int
	retrying bool
	silence  time.Duration
}

// judge finds the outcomes. Where the fault never struck there is nothing to
// judge.
func judge(o observation) verdict.Verdict {
	switch {
	case o.answer.Unimplemented:
		return verdictOf(found(verdict.Unimplemented, "the client cannot perform such a call"))
	case o.strikes == 0:
		return judgeNothing(o)
	}
	return verdictOf(append(judgeResult(o), judgeExecutions(o)...)...)
}

// judgeNothing says what the client did where the fault never struck.
func judgeNothing(o observation) verdict.Verdict {
	if o.unstruck != "" {
		return verdictOf(found(verdict.NotStruck, "%s", o.unstruck))
	}
	did := "the client reports success"
	switch {
	case !o.returned:
		did = fmt.Sprintf("no result came within %v", o.limits.Time)
	case o.answer.Err != nil:
		did = fmt.Sprintf("the client reports %v", o.answer.Err)
	}
	if o.nameless {
		did += "; none of its requests contained the call's id, by which a fault tells them from others"
	}
	return verdictOf(found(verdict.NotStruck, "the fault never struck, which proves nothing: after %s %s",
		counted(o.attempts, "attempt"), did))
}

// judgeResult judges what the client came back with, if it did.
func judgeResult(o observation) []finding {
	var list []finding
	if o.stormed() {
		list = append(list, found(verdict.Storm, "more than %s", counted(o.limits.Attempts, "attempt")))
	}
	switch {
	case o.stopped():
		return list // the audit ended the call, so that its error says nothing
	case !o.returned:
		return append(list, judgeSilence(o))
	case o.answer.Err != nil:
		return append(list, judgeError(o)...)
	}
	return append(list, judgeSuccess(o)...)
}

// stormed says whether the client made more attempts than it may.
func (o observation) stormed() bool { return o.attempts > o.limits.Attempts }

// stopped says whether the audit ended the call because of a storm.
func (o observation) stopped() bool {
	return o.stormed() && (!o.returned || o.answer.Err != nil)
}

// judgeExecutions judges what the server executed, whatever the client says.
func judgeExecutions(o observation) []finding {
	executed := o.account.Executed
	switch {
	case executed <= 1 || o.cell.Operation != point.Write:
		return nil
	case o.stopped():
		return []finding{found(verdict.Duplicated, "executed %d times", executed)}
	case !o.returned:
		return []finding{found(verdict.Duplicated, "executed %d times, and no result came within %v", executed, o.limits.Time)}
	case o.answer.Err != nil:
		return []finding{found(verdict.DuplicatedError, "executed %d times, and the client reports %v", executed, o.answer.Err)}
	}
	return []finding{found(verdict.Duplicated, "executed %d times, and the client reports success", executed)}
}

func judgeSuccess(o observation) (list []finding) {
	executed := o.account.Executed
	whole := o.want == nil || o.answer.Body == nil || bytes.Equal(o.want, o.answer.Body)
	if !whole {
		list = append(list, judgeBody(o))
	}
	if executed == 0 {
		list = append(list, found(verdict.LostOK, "the client reports success and nothing was executed"))
	}
	if o.late() {
		list = append(list, found(verdict.Late, "success came %v after the last thing that happened", o.waited))
	}
	doubt := o.unchecked()
	switch {
	case !whole:
		return list
	case o.provokesNothing() && max(o.useful, executed) > 1:
		return append(list, found(verdict.Unprovoked, "success at %s, executed %s: %s", o.atAttempt(), counted(executed, "time"), nothingWrong))
	case doubt != "":
		return append(list, found(verdict.Unchecked, "success at %s; %s", o.atAttempt(), doubt))
	case executed > 1:
		return append(list, found(verdict.RetriedRead, "executed %d times, which the operation allows", executed))
	case o.account.Discarded > 0:
		return append(list, found(verdict.Deduped, "the server discarded %s", counted(o.account.Discarded, "repeat")))
	case o.useful > 1:
		return append(list, found(verdict.Retried, "success at %s, %s", o.atAttempt(), o.once()))
	}
	return append(list, found(verdict.Unharmed, "success at %s, %s", o.atAttempt(), o.once()))
}

func (o observation) atAttempt() string {
	if o.cell.Fault == point.Refuse && o.cell.Repeat == point.Backend {
		return "the healthy address" // attempts at the other one are not seen
	}
	if o.useful > 1 {
		return fmt.Sprintf("attempt %d", o.useful)
	}
	return "the first attempt"
}

func (o observation) once() string {
	if o.account.Executed < 0 {
		return "and nobody counts how often it was executed"
	}
	return "executed once"
}

// unchecked says what of a success nobody knows: then it is none that counts for
// the client.
func (o observation) unchecked() string {
	reads := o.cell.Operation == point.Read
	switch {
	case reads && o.answer.Body == nil && !o.place.Unanswered:
		return "data not checked: the client returns none"
	case reads && o.want == nil && !o.place.Unanswered:
		return "data not checked: what the server sends is not known"
	case !reads && o.account.Executed < 0:
		return "executions not checked: nobody counts them"
	}
	return ""
}

func judgeBody(o observation) finding {
	got, want := o.answer.Body, o.want
	switch {
	case !bytes.HasPrefix(want, got) && o.sampled:
		return found(verdict.Unchecked, "success; data not checked: they are not those of a call without a fault (%s), which may be the server's doing",
			differing(got, want))
	case !bytes.HasPrefix(want, got):
		return found(verdict.Corrupted, "success with data that the server did not send: %s", differing(got, want))
	}
	finished := slices.Contains([]point.Fault{point.FIN, point.FINRST, point.HalfClose}, o.cell.Fault)
	if o.overTLS {
		finished = o.cell.Fault == point.CloseNote // a FIN without it is no end: RFC 8446, section 6.1
	}
	if o.place.Unframed && finished {
		return found(verdict.TruncatedUndetectable, "success with %d of %d bytes; a FIN is how such a reply ends", len(got), len(want))
	}
	return found(verdict.TruncatedOK, "success with %d of %d bytes", len(got), len(want))
}

// differing says in which way data are not the reply.
func differing(got, want []byte) string {
	text := fmt.Sprintf("%s for %d", counted(len(got), "byte"), len(want))
	if before, ok := bytes.CutSuffix(got, want); ok {
		return fmt.Sprintf("%s, the whole reply behind %d others", text, len(before))
	}
	n := 0
	for n < min(len(got), len(want)) && got[n] == want[n] {
		n++
	}
	return fmt.Sprintf("%s, the first %d the same", text, n)
}

func judgeError(o observation) (list []finding) {
	err := o.answer.Err
	if o.answer.Unexecuted && o.account.Executed > 0 {
		list = append(list, found(verdict.SurfacedMislabelled, "the client says that nothing was executed, and something was: %v", err))
	}
	if o.late() {
		list = append(list, found(verdict.Late, "the error came %v after the last thing that happened: %v", o.waited, err))
	}
	return append(list, judgeClass(o))
}

// judgeClass judges how much of what the wire showed an error tells.
func judgeClass(o observation) finding {
	ending, shown := o.answer.ending(), showing(o.cell.Fault)
	switch {
	case o.cell.Fault.Harmless():
		return judgeUnprovoked(o)
	case o.answer.Unknown:
		return found(verdict.Indeterminate, "the client says that the outcome is unknown: %v", o.answer.Err)
	case o.answer.Opaque && o.answer.Ending == "":
		return found(verdict.Surfaced, "%v; the client does not tell errors apart", o.answer.Err)
	case !slices.Contains(shown, ending):
		return found(verdict.SurfacedMasked, "the wire showed %s, the error says %q: %v", shown[0], ending, o.answer.Err)
	}
	return found(verdict.Surfaced, "%v", o.answer.Err)
}

// late says whether the result came without a reason in the fault.
func (o observation) late() bool {
	stalled := slices.Contains([]point.Fault{point.Stall, point.StallRST, point.Pause}, o.cell.Fault)
	return !stalled && o.waited-o.delayed >= o.limits.Late
}

func (a Answer) ending() harness.Ending {
	if a.Ending != "" {
		return harness.Ending(a.Ending)
	}
	return harness.EndingOf(a.Err)
}

// showing returns the endings that an error may tell when a fault has struck.
func showing(f point.Fault) []harness.Ending {
	switch f {
	case point.RST, point.DataRST, point.ReadRST, point.Unread:
		return []harness.Ending{harness.Reset, harness.BrokenPipe}
	case point.FIN, point.HalfClose, point.CloseNote:
		return []harness.Ending{harness.Finished}
	case point.GoAway: // clients have errors of their own for the frame
		return []harness.Ending{harness.Finished, harness.Other}
	case point.RSTStream: // the same, and no connection has ended
		return []harness.Ending{harness.Other}
	case point.FINRST:
		return []harness.Ending{harness.Finished, harness.BrokenPipe, harness.Reset}
	case point.StallRST:
		return []harness.Ending{harness.Reset, harness.BrokenPipe, harness.GaveUp}
	case point.Refuse:
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
