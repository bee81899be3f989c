package evidence

import (
	"github.com/resetlab/resetlab/harness/tcp"
)

// told finds the resets of a run of which only the calls are known: where a
// call failed with one, or an end aborted the connection itself.
func (t *trial) told() []Reset {
	var resets []Reset
	for flow := range t.Flows {
		if reset, found := t.toldOf(flow); found {
			resets = append(resets, reset)
		}
	}
	return resets
}

func (t *trial) toldOf(flow int) (Reset, bool) {
	reset := Reset{Event: -1, Flow: flow, Sender: Unknown, Cause: -1, Level: AppOnly}
	victim := ""
	for _, i := range t.byFlow[flow] {
		event := &t.Events[i]
		switch {
		case event.Call == nil:
		case t.over(i):
		case event.Call.Op == tcp.Abort || event.Call.Op == tcp.Disconnect:
			reset.Sender, reset.Host, reset.By, reset.Cause = Application, event.Host, t.by("", i), i
			reset.Clue = "the call itself asks for a reset"
			reset.Why = t.whyState(&reset)
			return reset, true
		case event.Call.Ending == tcp.Reset, event.Call.Ending == tcp.Refused:
			victim = event.Host
			reset.Clue = event.Host + ": " + event.Call.String()
			reset.Why = "the error is all that is known of it"
		}
	}
	t.closedUnread(&reset, victim)
	return reset, victim != ""
}

// over says whether the connection of a call was over before it, as far as
// calls tell: its end had been reset, or both ends had sent their FIN. What ends
// it then sends nothing (net/ipv4/tcp.c, tcp_need_reset).
func (t *trial) over(call int) bool {
	var own, other bool
	for _, i := range t.byFlow[t.Events[call].Flow] {
		event := &t.Events[i]
		switch {
		case i >= call || event.Call == nil:
		case event.Host != t.Events[call].Host:
			other = other || event.Call.Op == tcp.Shutdown || event.Call.Op == tcp.Close
		case event.Call.Ending == tcp.Reset:
			return true
		default:
			own = own || event.Call.Op == tcp.Shutdown
		}
	}
	return own && other
}

// closedUnread judges a reset that the victim saw: if the other end closed and
// bytes were written that nobody read, the close did it.
func (t *trial) closedUnread(reset *Reset, victim string) {
	for _, i := range t.byFlow[reset.Flow] {
		event := &t.Events[i]
		if victim == "" || event.Call == nil || event.Call.Op != tcp.Close || event.Host == victim {
			continue
		}
		for _, loss := range t.losses(reset.Flow) {
			if loss.From == victim {
				reset.Sender, reset.Host, reset.By, reset.Cause = Application, event.Host, t.by("", i), i
				reset.Clue += "; the other end closed with bytes unread"
				reset.Why = why("TCP_ABORT_ON_CLOSE")
			}
		}
	}
}
