package diagnose

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A Verdict says of one RST who sent it and why, and what of that is open.
type Verdict struct {
	// Reset is the verdict in the form of recordings. Event and Cause are the
	// numbers with which facts were added; -1: there is none.
	evidence.Reset
	// At is the number of the fact at which the RST stands: its segment or, if
	// the wire did not show it, the kernel's note or the call that told of it.
	At int
	// Rules are the lines of the tables that decided, in words: who sent it, for
	// which reason, and how to say so.
	Rules []string
	// Causes are the names of the causes, of package causes, between which the
	// facts do not decide; those stand first for which the kernel usually gives
	// the reason. If there is only one, the facts did decide.
	Causes []string
	// Settle says what would decide. It is empty if nothing is open.
	Settle string
}

// Verdicts judges the RSTs that the connection has had so far, in their order.
// If neither the wire nor a kernel can have shown any, it judges what calls
// tell. The first verdict has what the connection lost.
func (c *Connection) Verdicts() []Verdict {
	var verdicts []Verdict
	rstOf, noteOf := c.pairNotes()
	for i, f := range c.facts {
		q := question{Connection: c, at: i, cause: -1}
		_, onTheWire := rstOf[i]
		switch {
		case sendsRST(f.Event):
			if note, noted := noteOf[i]; noted {
				q.note = c.facts[note].Trace
			}
		case f.Trace != nil && f.Trace.Sent() && !onTheWire:
			q.note = f.Trace
		default:
			continue
		}
		verdicts = append(verdicts, q.decide())
	}
	if len(verdicts) == 0 && c.around.lacks(evidence.Wire) {
		verdicts = c.fromCalls()
	}
	if len(verdicts) > 0 {
		verdicts[0].Lost = c.losses()
	}
	return verdicts
}

// decide asks the tables.
func (q *question) decide() Verdict {
	v := &q.verdict
	v.At, v.Event, v.Flow, v.Cause = q.fact().number, -1, q.Number, -1
	v.Host, v.Level = q.fact().Host, evidence.Inferred
	if q.seen() {
		v.Event, v.Host = v.At, q.senderOf(q.fact().Event)
	}
	if q.note != nil {
		v.Reason = q.note.Reason
		if !q.around.lacks(evidence.Kernel) {
			v.Level = evidence.Observed
		}
	}
	decide(senders(), q)
	if v.Why == "" { // its words are those of its reason
		if v.Reason == "" || v.Reason == unspecified {
			v.Reason = ""
			decide(reasons(), q)
		}
		q.explain()
	}
	q.qualify()
	q.finish()
	return *v
}

// explain says why in words.
func (q *question) explain() {
	v := &q.verdict
	decide(sockets(), q)
	if v.Why == "" {
		decide(words(), q)
	}
	if v.Sender == evidence.KernelReply && q.cause >= 0 && !q.socketless() {
		v.Why += fmt.Sprintf(" (answered: %s)", q.facts[q.cause].Packet)
	}
	if q.cause >= 0 {
		v.Cause = q.facts[q.cause].number
	}
	if passed, found := q.passedOn(); found {
		v.Cause = passed.number
		v.Why = fmt.Sprintf("%s, and so passed on the reset that %s sent it", v.Why, passed.Host)
	}
}

// qualify says of what the verdict could not make use.
func (q *question) qualify() {
	v := &q.verdict
	switch {
	case !q.seen() && q.around.lacks(evidence.Wire):
	case !q.seen() && q.lostPackets():
		v.Clue += "; the capture lost segments, perhaps this one"
	case !q.seen():
		v.Clue += "; no RST was on the wire: it was dropped on its way out"
	case q.note == nil && !q.around.lacks(evidence.Kernel) && v.Level != evidence.Observed:
		v.Clue += "; that no tcp_send_reset goes with it says nothing: " + q.doubt()
	}
}

// finish names the causes that are open, and what would decide.
func (q *question) finish() {
	v := &q.verdict
	if v.Causes == nil {
		v.Causes = q.candidates()
	}
	if len(v.Causes) > 1 || v.Level != evidence.Observed {
		v.Settle = q.settle()
	}
}

// candidates returns the causes of which the verdict can be, going by the
// kernel's reason for it or, without one, by who sent it. Without one, those
// causes count whose usual reason is possible.
func (q *question) candidates() []string {
	v := &q.verdict
	possible := []string{v.Reason}
	if v.Reason == "" {
		possible = q.possibleReasons()
	}
	var names []string
	for _, reason := range possible {
		for _, cause := range causes.ByReason(tcp.Reason(reason)) {
			unusual := v.Reason == "" && string(cause.Reasons[0]) != reason
			if !unusual && !slices.Contains(names, cause.Name) && (cause.Name != "refused" || q.connecting()) {
				names = append(names, cause.Name)
			}
		}
	}
	if v.Sender == evidence.Between || v.Sender == evidence.Unknown {
		names = append(names, devices()...)
	}
	return names
}

// connecting says whether the RST ended an attempt to connect, as far as its
// cause tells.
func (q *question) connecting() bool {
	if q.socketless() {
		return q.answered().Flags == "SYN"
	}
	if q.seen() {
		return q.cause < 0 || q.facts[q.cause].Packet == nil || q.facts[q.cause].Packet.Flags == "SYN"
	}
	return q.fact().Call == nil || q.fact().Call.Op == tcp.Connect
}

// socketless says whether a kernel's note alone tells of the RST, and of the
// segment that it answers.
func (q *question) socketless() bool {
	return !q.seen() && q.note != nil && q.cause >= 0 && q.facts[q.cause].Packet != nil
}

// devices are the causes that lie between the two ends.
func devices() []string { return []string{"firewall-rejects", "banned", "forged"} }

// answers are the kernel's usual reasons for answering a segment with a RST.
func answers() []string {
	return []string{"NO_SOCKET", "TCP_FLAGS", "TCP_TIMEWAIT_SOCKET", "TCP_ABORT_ON_DATA", "INVALID_SYN"}
}

// possibleReasons are the kernel's reasons that the facts leave open.
func (q *question) possibleReasons() []string {
	switch q.verdict.Sender {
	case evidence.Application:
		var open []string
		for counter, reason := range abortReasons() {
			if !q.around.counts(q.verdict.Host) || q.counted(counter) > 0 {
				open = append(open, reason)
			}
		}
		if !slices.Contains(open, "TCP_STATE") { // it is counted for SO_LINGER 0 alone
			open = append(open, "TCP_STATE")
		}
		slices.Sort(open)
		return open
	case evidence.KernelReply:
		return answers()
	case evidence.Unknown:
		if !q.seen() { // nothing but an error: a socket's own may have brought it
			return append([]string{"TCP_ABORT_ON_CLOSE", "TCP_STATE"}, answers()...)
		}
		return answers()
	}
	return nil
}

// settle says what would decide what is open.
func (q *question) settle() string {
	v := &q.verdict
	switch {
	case v.Level == evidence.AppOnly:
		return "a capture would show the RST, and the tracepoint tcp_send_reset why it was sent (root, Linux 6.12 and later)"
	case v.Sender == evidence.Between:
		return "captures at both ends would show where it first appears"
	case v.Level != evidence.Observed:
		return fmt.Sprintf("the tracepoint tcp_send_reset at %s would tell its reason (root, Linux 6.12 and later)", q.fact().Host)
	case v.Sender == evidence.Application:
		return fmt.Sprintf("what the program at %s was doing would tell: its calls (strace) and its log", q.fact().Host)
	}
	return fmt.Sprintf("the history of %s would tell: restarts, time-outs, and its log", q.fact().Host)
}
