package evidence

import (
	"fmt"
	"time"
)

// unnoted is the verdict on a RST that the kernel lane does not tell of. That
// none of the kernels sent it follows only if the lane saw all.
func (t *trial) unnoted(reset *Reset) {
	if doubt := t.doubt(reset); doubt != "" {
		t.inferred(reset)
		reset.Clue += "; that no tcp_send_reset goes with it says nothing: " + doubt
		return
	}
	reset.Level = Observed
	t.between(reset, "the kernel sent no RST for this connection: no tcp_send_reset goes with it")
}

// doubt says why the kernel may have sent a RST although the kernel lane does
// not tell of it; "" if that cannot be.
func (t *trial) doubt(reset *Reset) string {
	event := &t.Events[reset.Event]
	for _, gap := range t.Gaps {
		if gap.Lane == Kernel && gap.From <= event.At && event.At <= gap.To {
			return gap.Why
		}
	}
	switch {
	case t.LostEvents > 0:
		return "kernel events or calls were lost"
	case t.private[event.Host] && t.counts(event.Host):
		if sent, noted := t.counted(event.Host, "OutRsts"), t.notes(event.Host); sent > noted {
			return fmt.Sprintf("the counter OutRsts of %s moved by %d, and %d were noted", event.Host, sent, noted)
		}
	case t.closedItself(reset.Event):
		return "its socket was closed just before, and a socket's own RST is noted when it has left"
	}
	return ""
}

// notes returns how many RSTs the kernel has noted for a host.
func (t *trial) notes(host string) (count int64) {
	for i := range t.Events {
		if event := &t.Events[i]; event.Host == host && event.Trace != nil && event.Trace.Name == resetSent {
			count++
		}
	}
	return count
}

// closedItself says whether the socket at the end that a RST names went to CLOSE
// before the RST without having received one. A thread that sends a RST may be
// stopped between the sending and the noting (net/ipv4/tcp_output.c,
// tcp_send_active_reset).
func (t *trial) closedItself(rst int) bool {
	event := &t.Events[rst]
	received, closed := false, false
	for _, i := range t.byFlow[event.Flow] {
		switch other := &t.Events[i]; {
		case other.At > event.At+time.Microsecond: // tracepoints are rounded
			return closed
		case other.Host != event.Host:
		case other.Trace != nil:
			received = received || other.Trace.Name == resetReceived
		case other.State != nil && other.State.To == "CLOSE":
			closed = !received
		}
	}
	return closed
}
