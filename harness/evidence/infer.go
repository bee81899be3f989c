package evidence

import (
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// inferred is the verdict on a RST from its shape and the counters, without
// the kernel's word. What tells is how Linux builds it: a socket's own has its
// window and its running IP identification (tcp_send_active_reset), an answer
// has neither (tcp_v4_send_reset).
func (t *trial) inferred(reset *Reset) {
	rst := t.Events[reset.Event].Packet
	answered := t.segmentBefore(reset)
	ack := rst.Has("ACK")
	own := rst.Window != 0 || rst.IPID != 0 ||
		ack && answered >= 0 && t.Events[answered].Packet.Has("ACK")
	shape := fmt.Sprintf("%s, window %d, IP id %d", rst.Flags, rst.Window, rst.IPID)
	astray := t.astray(reset.Event)
	switch {
	case t.counts(reset.Host) && t.counted(reset.Host, "OutRsts") == 0:
		t.between(reset, "the counter OutRsts did not move: no TCP of this host sent a RST")
		return
	case astray != "":
		t.between(reset, astray)
		return
	case t.otherTTL(reset.Event):
		t.between(reset, fmt.Sprintf("its TTL is %d, unlike that of the other segments from there", rst.TTL))
		return
	case own && !ack:
		t.between(reset, "no Linux sends a RST of this shape: "+shape)
		return
	case own && t.gaveUp(reset):
		reset.Sender = Timer
		reset.Clue = "the counters TCPKeepAlive and TCPAbortOnTimeout moved, and no call goes with it"
	case own:
		reset.Sender, reset.Cause = Application, t.callBefore(reset)
		reset.By = t.by("", reset.Cause)
		reset.Clue = "the shape of a socket's own RST: " + shape
	case t.foreign(reset.Host):
		reset.Sender, reset.Host = Unknown, ""
		reset.Clue = "the counter OutRsts says that this host's TCP did not send all of the RSTs"
		reset.Why = "the kernel answered a segment that belongs to no connection, or a device between did"
		return
	default:
		reset.Sender, reset.Cause = KernelReply, answered
		reset.Clue = "the shape of an answer: " + shape
	}
	t.guessReason(reset)
	t.explain(reset)
}

// foreign says whether there are more RSTs in the name of a host than its TCP
// has sent.
func (t *trial) foreign(host string) bool {
	return t.counts(host) && t.counted(host, "OutRsts") < t.rsts[t.books(host)]
}

// otherTTL says whether a RST has another TTL than the rest that its sender
// sent, and not only passed on, on the connection from the same place.
func (t *trial) otherTTL(rst int) bool {
	for _, i := range t.byFlow[t.Events[rst].Flow] {
		event := &t.Events[i]
		switch {
		case event.Packet == nil, event.Packet.RST(), event.Packet.Translated:
		case event.Host == t.Events[rst].Host && t.sentBy(i) == t.sentBy(rst):
			return event.Packet.TTL != t.Events[rst].Packet.TTL
		}
	}
	return false
}

// gaveUp says whether keepalive gave up.
func (t *trial) gaveUp(reset *Reset) bool {
	probed, timedOut := t.moved(reset.Host, "TCPKeepAlive"), t.moved(reset.Host, "TCPAbortOnTimeout")
	return probed && timedOut && t.callBefore(reset) < 0
}

// guessReason finds the reason that the kernel would tell, from counters,
// calls and bytes; none where several would fit.
func (t *trial) guessReason(reset *Reset) {
	if reset.Event >= 0 {
		if reset.Reason = multipathReason(t.Events[reset.Event].Packet); reset.Reason != "" {
			reset.Clue += "; its option of Multipath TCP says why"
			return
		}
	}
	switch reset.Sender {
	case Timer:
		reset.Reason = "TCP_KEEPALIVE_TIMEOUT"
	case Application:
		reset.Reason = t.guessOwn(reset)
	case KernelReply:
		reset.Reason = t.guessAnswer(reset)
	}
}

func (t *trial) guessOwn(reset *Reset) string {
	unread, known := t.unread(reset)
	op := tcp.Op("")
	if reset.Cause >= 0 && t.Events[reset.Cause].Call != nil {
		op = t.Events[reset.Cause].Call.Op
	}
	switch {
	case op == tcp.Disconnect && t.over(reset.Cause): // there is a RST all the same
		return "TCP_DISCONNECT_WITH_DATA"
	case op == tcp.Disconnect:
		return "TCP_STATE"
	case known && unread > 0 && (!t.counts(reset.Host) || t.counted(reset.Host, "TCPAbortOnClose") > 0):
		reset.Clue += fmt.Sprintf("; %d bytes had come and were not read", unread)
		return "TCP_ABORT_ON_CLOSE"
	case op == tcp.Abort:
		return "TCP_STATE"
	}
	for counter, reason := range map[string]string{
		"TCPAbortOnClose": "TCP_ABORT_ON_CLOSE", "TCPAbortOnLinger": "TCP_ABORT_ON_LINGER",
		"TCPAbortOnMemory": "TCP_ABORT_ON_MEMORY", "TCPAbortOnData": "TCP_STATE",
	} {
		if t.only(reset.Host, counter) {
			reset.Clue += "; the counter " + counter + " moved"
			return reason
		}
	}
	if known && op == tcp.Close && t.counted(reset.Host, "TCPAbortOnLinger") == 0 &&
		t.counted(reset.Host, "TCPAbortOnMemory") == 0 { // not even for others
		return "TCP_STATE"
	}
	return ""
}

// only says whether a counter is the only one of aborts that moved for a host,
// and so often that it explains every RST. Those that could not leave are on no
// wire.
func (t *trial) only(host, counter string) bool {
	for _, other := range []string{"TCPAbortOnClose", "TCPAbortOnLinger", "TCPAbortOnMemory", "TCPAbortOnData"} {
		if t.moved(host, other) != (other == counter) {
			return false
		}
	}
	return t.counted(host, counter)-t.counted(host, "TCPAbortFailed") >= t.rsts[t.books(host)]
}

func (t *trial) guessAnswer(reset *Reset) string {
	cause := reset.Cause
	switch {
	case t.moved(reset.Host, "EmbryonicRsts"):
		reset.Clue += "; the counter EmbryonicRsts moved"
		return "INVALID_SYN"
	case cause >= 0 && t.Events[cause].Packet.Flags == "SYN":
		if t.connectedBefore(reset.Flow) || t.counted(reset.Host, "ListenDrops") > 0 { // somebody was there
			return ""
		}
		return "NO_SOCKET"
	case t.only(reset.Host, "TCPAbortOnData"):
		reset.Clue += "; the counter TCPAbortOnData moved"
		return "TCP_ABORT_ON_DATA"
	case t.moved(reset.Host, "TCPTimeWaitOverflow"):
		reset.Clue += "; the counter TCPTimeWaitOverflow moved"
		return "NO_SOCKET"
	case t.waits(reset) && !t.noisyFor(reset.Host) && t.counted(reset.Host, "TCPAbortOnData") == 0:
		reset.Clue += "; it had sent its FIN before"
		return "TCP_TIMEWAIT_SOCKET"
	}
	return ""
}

// connectedBefore says whether there was a connection between the same ends
// before, of which something may be left.
func (t *trial) connectedBefore(flow int) bool {
	for _, earlier := range t.Flows[:flow] {
		if earlier.Client == t.Flows[flow].Client && earlier.Server == t.Flows[flow].Server {
			return true
		}
	}
	return false
}

// shortestWait is how long a kernel remembers at least what it has closed:
// tcp_fin_timeout is in seconds (ip-sysctl.rst).
const shortestWait = time.Second

// waits says whether the end that sent a RST had sent its FIN before, and can
// only be waiting still: not so long that it may have forgotten, and no RST has
// come that ends the wait (RFC 1337). A capture that lost segments does not
// tell.
func (t *trial) waits(reset *Reset) bool {
	if t.LostPackets > 0 {
		return false
	}
	finished := false
	for _, i := range t.byFlow[reset.Flow] {
		event := &t.Events[i]
		switch {
		case i >= reset.Event || event.Packet == nil:
		case event.Host != reset.Host && event.Packet.RST():
			return false
		case event.Host == reset.Host && event.Packet.Has("FIN") && !finished:
			finished = true
			if t.Events[reset.Event].At-event.At >= shortestWait {
				return false
			}
		}
	}
	return finished
}

// unread returns how many bytes had come to the end that sent a RST, and were
// not read by then. It is known where the journal has the end.
func (t *trial) unread(reset *Reset) (bytes int64, known bool) {
	var highest uint32
	closed := false
	for _, i := range t.byFlow[reset.Flow] {
		event := &t.Events[i]
		if i > reset.Event {
			break
		}
		switch {
		case event.Packet != nil && event.Host == reset.Host && event.Packet.Len > 0 && closed:
			return 0, false // a process has the socket too, a forked one, and the journal is not its
		case event.Packet != nil && event.Host != reset.Host && event.Packet.Len > 0:
			highest = max(highest, event.Packet.Seq+uint32(event.Packet.Len)-1)
		case event.Call != nil && event.Host == reset.Host:
			known = true
			closed = closed || event.Call.Op.Closes()
			if event.Call.Op == tcp.Read {
				bytes -= int64(event.Call.Bytes)
			}
		}
	}
	return bytes + int64(highest), known
}
