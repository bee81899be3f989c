package evidence

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A trial is a recording with what the verdicts on its RSTs need to know.
type trial struct {
	*Recording
	byFlow   [][]int                     // the events of each flow
	counters map[string]map[string]int64 // by whose they are and name, how far they moved
	noisy    bool                        // those that all hosts share, for others too
	private  map[string]bool             // the hosts that have counters of their own
	far      map[string]bool             // those that are in namespaces of which there are none
	rsts     map[string]int64            // how many were on the wire, by whose counters count them
	outcomes map[int]int                 // the outcome of each connection of the journal
	beyond   map[int]int                 // the flow at the other side of the proxy
}

// judge finds the verdict on every RST.
func (r *Recording) judge() {
	t := newTrial(r)
	for i := range r.Events {
		event := &r.Events[i]
		switch {
		case event.sendsRST():
			r.Resets = append(r.Resets, t.verdict(i))
		case event.Trace != nil && event.Trace.Name == resetSent && t.packetOf(i) < 0:
			r.Resets = append(r.Resets, t.unseen(i))
		}
	}
	if r.Lacks(Wire) && len(r.Resets) == 0 {
		r.Resets = t.told()
	}
	told := map[int]bool{}
	for i := range r.Resets {
		flow := r.Resets[i].Flow
		connection := flow
		if flow >= 0 && r.Flows[flow].NAT != "" {
			connection = r.Flows[flow].Near
		}
		if !told[connection] {
			r.Resets[i].Lost = t.losses(flow)
			told[connection] = true
		}
	}
}

func newTrial(r *Recording) *trial {
	t := &trial{Recording: r, byFlow: make([][]int, len(r.Flows)), outcomes: map[int]int{}}
	t.counters, t.rsts, t.private = map[string]map[string]int64{}, map[string]int64{}, map[string]bool{}
	for _, h := range r.Hosts {
		t.private[h.Name] = h.Private
	}
	t.far = r.far()
	for i := range r.Events {
		event := &r.Events[i]
		if event.Flow >= 0 {
			t.byFlow[event.Flow] = append(t.byFlow[event.Flow], i)
		}
	}
	for i := range r.Events {
		if r.Events[i].sendsRST() {
			t.rsts[t.books(t.sentBy(i))]++
		}
	}
	for i := range r.Outcomes {
		t.outcomes[r.Outcomes[i].Conn] = i
	}
	for _, delta := range r.Counters {
		if t.counters[delta.Host] == nil {
			t.counters[delta.Host] = map[string]int64{}
		}
		t.counters[delta.Host][delta.Name] += delta.By
		t.noisy = t.noisy || delta.Noisy
	}
	t.beyond = t.pairs()
	return t
}

// books returns whose counters count what a host does: its own, or "" for
// those that all hosts share.
func (t *trial) books(host string) string {
	if t.private[host] {
		return host
	}
	return ""
}

// counted returns how far a counter moved for a host, and perhaps for others.
func (t *trial) counted(host, counter string) int64 {
	if !t.counts(host) {
		return 0
	}
	return t.counters[t.books(host)][counter]
}

// counts says whether there are counters that count for a host.
func (t *trial) counts(host string) bool { return !t.Lacks(Counters) && !t.far[host] }

// far finds the hosts that share nothing with this process: where some are in
// namespaces of their own, those that are neither that nor on the loopback.
func (r *Recording) far() map[string]bool {
	far := map[string]bool{}
	if !slices.ContainsFunc(r.Hosts, func(h Host) bool { return h.Private }) {
		return far
	}
	for _, h := range r.Hosts {
		ip, err := netip.ParseAddr(h.IP)
		far[h.Name] = !h.Private && err == nil && !ip.IsLoopback()
	}
	return far
}

// moved says whether a counter moved for a host, and for nobody but this run.
func (t *trial) moved(host, counter string) bool {
	return t.counted(host, counter) > 0 && !t.noisyFor(host)
}

// noisyFor says whether others use the counters of a host.
func (t *trial) noisyFor(host string) bool { return t.noisy && !t.private[host] }

// sendsRST says whether its host sent a RST, rather than passing one on.
func (e *Event) sendsRST() bool { return e.Packet != nil && e.Packet.RST() && !e.Packet.Translated }

// verdict judges the RST that is an event.
func (t *trial) verdict(i int) Reset {
	event := &t.Events[i]
	reset := Reset{Event: i, Flow: event.Flow, Host: t.sentBy(i), Cause: -1, Level: Inferred}
	note := t.noteOf(i)
	switch {
	case note != nil:
		t.observed(&reset, note)
	case t.Lacks(Kernel):
		t.inferred(&reset)
	default:
		t.unnoted(&reset)
	}
	return reset
}

// observed is the verdict on a RST that the kernel told of.
func (t *trial) observed(reset *Reset, note *ResetTrace) {
	reset.Reason = note.Reason
	if !t.Lacks(Kernel) {
		reset.Level = Observed
	}
	switch {
	case note.Passive:
		reset.Sender, reset.Cause = KernelReply, t.segmentBefore(reset)
		reset.Clue = "tcp_send_reset names the segment that was answered (skbaddr)"
	case note.Reason == "TCP_KEEPALIVE_TIMEOUT":
		reset.Sender = Timer
		reset.Clue = "tcp_send_reset says that no segment was answered, and the reason is a timer's"
	default:
		reset.Sender, reset.Cause = Application, t.callBefore(reset)
		reset.By = t.by(note.Process, reset.Cause)
		reset.Clue = "tcp_send_reset says that no segment was answered (skbaddr is 0)"
	}
	if note.Reason == "" || note.Reason == "NOT_SPECIFIED" { // an old kernel does not tell
		reset.Reason = ""
		t.guessReason(reset)
	}
	t.explain(reset)
}

// by names the process and the call that sent a RST.
func (t *trial) by(process string, cause int) string {
	if cause < 0 || t.Events[cause].Call == nil {
		return process
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s()", process, t.Events[cause].Call.Op))
}

// explain says why in words.
func (t *trial) explain(reset *Reset) {
	reset.Why = why(reset.Reason)
	switch {
	case reset.Sender == Application && reset.Reason == "TCP_STATE":
		reset.Why = t.whyState(reset)
	case reset.Sender == Application && reset.Reason == "":
		reset.Why = "its owner ended the connection, with bytes unread or without a FIN"
	}
	if reset.Sender == KernelReply && reset.Cause >= 0 {
		reset.Why += fmt.Sprintf(" (answered: %s)", t.Events[reset.Cause].Packet)
	}
	if passed := t.passedOn(reset); passed >= 0 {
		reset.Cause = passed
		reset.Why = fmt.Sprintf("%s, and so passed on the reset that %s sent it", reset.Why, t.Events[passed].Host)
	}
}

// whyState tells apart what the kernel calls TCP_STATE alike: SO_LINGER with
// timeout 0, connect(AF_UNSPEC), a listener that closes, a socket destroyed.
func (t *trial) whyState(reset *Reset) string {
	op := tcp.Op("")
	if reset.Cause >= 0 && t.Events[reset.Cause].Call != nil {
		op = t.Events[reset.Cause].Call.Op
	}
	switch {
	case op == tcp.Disconnect:
		return "its owner dissolved the connection with connect(AF_UNSPEC)"
	case op == tcp.Abort, op == tcp.Close && t.counted(reset.Host, "TCPAbortOnData") > 0:
		return "its owner wanted it: SO_LINGER with timeout 0, then close"
	case op == tcp.Close:
		return "its owner ended the connection without a FIN"
	case t.isProxy(reset.Host):
		return "the proxy ended the connection with SO_LINGER 0"
	case t.LostEvents > 0:
		return "its owner ended the connection without a FIN; by which call is not known, for calls were lost"
	case !t.accepted(reset):
		return "its listener was closed before anybody accepted the connection"
	}
	return "somebody ended the connection from outside: ss -K, or the end of its process"
}

func (t *trial) isProxy(host string) bool {
	for _, h := range t.Hosts {
		if h.Name == host {
			return h.Proxy
		}
	}
	return false
}

// accepted says whether the end that sent a RST was ever in the hands of an
// application.
func (t *trial) accepted(reset *Reset) bool {
	for _, i := range t.byFlow[reset.Flow] {
		if t.Events[i].Call != nil && t.Events[i].Host == reset.Host {
			return true
		}
	}
	return t.Flows[reset.Flow].ServerHost != reset.Host
}

// unseen is the verdict on a RST of which the kernel told and the wire did not.
func (t *trial) unseen(i int) Reset {
	event := &t.Events[i]
	reset := Reset{Event: -1, Flow: event.Flow, Host: event.Host, Cause: -1}
	t.observed(&reset, event.Trace)
	switch {
	case t.Lacks(Wire):
	case t.LostPackets > 0:
		reset.Clue += "; the capture lost segments, perhaps this one"
	default:
		reset.Clue += "; no RST was on the wire: it was dropped on its way out"
	}
	return reset
}

// noteOf returns the kernel's note on the RST that is an event, nil if there
// is none: it stands right behind, at the same time.
func (t *trial) noteOf(i int) *ResetTrace {
	for j := i + 1; j < len(t.Events) && t.Events[j].At == t.Events[i].At; j++ {
		if t.Events[j].Trace != nil && t.Events[j].Trace.Name == resetSent && t.together(i, j) {
			return t.Events[j].Trace
		}
	}
	return nil
}

// packetOf returns the RST that a kernel's note is about, -1 if there is none.
func (t *trial) packetOf(note int) int {
	for i := note - 1; i >= 0 && t.Events[i].At == t.Events[note].At; i-- {
		if t.Events[i].Packet != nil && t.Events[i].Packet.RST() && t.together(i, note) {
			return i
		}
	}
	return -1
}

// together says whether two events are of the same end of a flow.
func (t *trial) together(i, j int) bool {
	return t.Events[i].Flow == t.Events[j].Flow && t.Events[i].Host == t.Events[j].Host
}
