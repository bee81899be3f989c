package evidence_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// at makes events a microsecond apart on the only flow, so that those given
// together in one group have the same time.
func at(groups ...[]evidence.Event) []evidence.Event {
	var events []evidence.Event
	for i, group := range groups {
		for _, event := range group {
			event.At = time.Duration(i) * time.Microsecond
			events = append(events, event)
		}
	}
	return events
}

func one(events ...evidence.Event) []evidence.Event { return events }

// later makes events of one time.
func later(at time.Duration, events ...evidence.Event) []evidence.Event {
	for i := range events {
		events[i].At = at
	}
	return events
}

func packet(from string, p evidence.Packet) evidence.Event {
	p.To = map[string]string{"client": "server", "server": "client"}[from]
	if p.TTL == 0 {
		p.TTL = 64
	}
	return evidence.Event{Host: from, Packet: &p}
}

func note(host, reason string, passive bool) evidence.Event {
	return evidence.Event{Host: host, Trace: &evidence.ResetTrace{
		Name: "tcp_send_reset", Reason: reason, Process: "toy-7", Passive: passive,
	}}
}

func call(host string, op tcp.Op, conn, bytes int) evidence.Event {
	return evidence.Event{Host: host, Call: &evidence.Call{Call: tcp.Call{Op: op, Bytes: bytes,
		Ending: "open"}, Conn: conn}}
}

var (
	syn      = packet("client", evidence.Packet{Flags: "SYN", Window: 65495, IPID: 1})
	data     = packet("client", evidence.Packet{Flags: "PSH ACK", Seq: 1, Ack: 1, Len: 2, Window: 512, IPID: 2})
	answered = packet("server", evidence.Packet{Flags: "ACK", Seq: 1, Ack: 3, Window: 512, IPID: 2})
	ownRST   = packet("server", evidence.Packet{Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512, IPID: 3})
	reply    = packet("server", evidence.Packet{Flags: "RST", Seq: 1})
	refusal  = packet("server", evidence.Packet{Flags: "RST ACK", Ack: 1})
	farRST   = packet("server", evidence.Packet{Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512, IPID: 3, TTL: 57})
	oddRST   = packet("server", evidence.Packet{Flags: "RST", Seq: 1, IPID: 0x7777})
	finish   = packet("server", evidence.Packet{Flags: "FIN ACK", Seq: 1, Ack: 1, Window: 512, IPID: 1})
	accept   = call("server", "accept", 2, 0)
	closed   = evidence.Event{Host: "server", State: &evidence.StateChange{From: "ESTABLISHED", To: "CLOSE"}}
	received = evidence.Event{Host: "server", Trace: &evidence.ResetTrace{Name: "tcp_receive_reset"}}
)

// counted makes counters that nobody else moves.
func counted(counters map[string]int64) []evidence.CounterDelta {
	var deltas []evidence.CounterDelta
	for name, by := range counters {
		deltas = append(deltas, evidence.CounterDelta{Name: name, By: by})
	}
	return deltas
}

func TestVerdicts(t *testing.T) {
	withoutKernel := []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}}
	for _, test := range []struct {
		name     string
		events   []evidence.Event
		missing  []evidence.MissingLane
		gaps     []evidence.Gap
		counters map[string]int64
		private  bool
		lost     uint64
		sender   evidence.Sender
		host     string
		reason   string
		cause    int
		level    evidence.Level
		words    string // in Why or Clue
	}{
		{
			name: "a RST of which the kernel knows nothing", events: at(one(data), one(reply)),
			sender: evidence.Between, cause: -1, level: evidence.Observed, words: "no tcp_send_reset",
		}, {
			name: "the same when kernel events were lost", events: at(one(data), one(reply)), lost: 1,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.KernelReply, host: "server", cause: 0,
			level: evidence.Inferred, words: "shape of an answer",
		}, {
			name: "the same when nothing proves that the kernel lane saw all", events: at(one(data), one(reply)),
			gaps:     []evidence.Gap{{Lane: evidence.Kernel, To: time.Second, Why: "its last mark did not come back"}},
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.KernelReply, host: "server", cause: 0,
			level: evidence.Inferred, words: "says nothing: its last mark did not come back",
		}, {
			name: "the same when the lane was whole by then", events: at(one(data), one(reply)),
			gaps:   []evidence.Gap{{Lane: evidence.Kernel, From: time.Second, To: 2 * time.Second, Why: "killed"}},
			sender: evidence.Between, cause: -1, level: evidence.Observed, words: "no tcp_send_reset",
		}, {
			name: "the same when the host has counted a RST of which no note is there", events: at(one(data), one(reply)),
			counters: map[string]int64{"OutRsts": 1}, private: true, sender: evidence.KernelReply, host: "server", cause: 0,
			level: evidence.Inferred, words: "moved by 1, and 0 were noted",
		}, {
			name:     "its socket was closed just before, by a thread that may not have noted its RST yet",
			events:   at(one(accept), one(data), one(closed), one(ownRST)),
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.Application, host: "server", cause: -1,
			level: evidence.Inferred, words: "closed just before",
		}, {
			name:   "its socket was closed by a RST that somebody sent it",
			events: at(one(accept), one(data), one(received), one(closed), one(oddRST)),
			sender: evidence.Between, cause: -1, level: evidence.Observed, words: "no tcp_send_reset",
		}, {
			name: "a RST that never left", events: at(one(data), one(call("server", "abort", 2, 0)),
				one(note("server", "TCP_STATE", false))),
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: 1,
			level: evidence.Observed, words: "dropped on its way",
		}, {
			name: "keepalive gave up", events: at(one(accept), one(ownRST, note("server",
				"TCP_KEEPALIVE_TIMEOUT", false))),
			sender: evidence.Timer, host: "server", reason: "TCP_KEEPALIVE_TIMEOUT", cause: -1,
			level: evidence.Observed, words: "unanswered",
		}, {
			name: "destroyed from outside", events: at(one(accept), one(data), one(ownRST, note("server",
				"TCP_STATE", false))),
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: -1,
			level: evidence.Observed, words: "ss -K",
		}, {
			name: "an old kernel tells no reason",
			events: at(one(accept), one(data), one(call("server", "close", 2, 0)), one(ownRST, note("server",
				"NOT_SPECIFIED", false))), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "TCPAbortOnClose": 1}, sender: evidence.Application, host: "server",
			reason: "TCP_ABORT_ON_CLOSE", cause: 2, level: evidence.Inferred, words: "unread",
		}, {
			name: "the segment that a RST answers is the one it fits",
			events: at(one(data), one(packet("client", evidence.Packet{Flags: "PSH ACK", Seq: 3, Ack: 9,
				Len: 1})), one(reply, note("server", "NO_SOCKET", true))),
			sender: evidence.KernelReply, host: "server", reason: "NO_SOCKET", cause: 0,
			level: evidence.Observed, words: "seq 1 ack 1 len 2",
		}, {
			name: "no TCP of this host sent it", events: at(one(data), one(reply)), missing: withoutKernel,
			sender: evidence.Between, cause: -1, level: evidence.Inferred, words: "OutRsts did not move",
		}, {
			name: "another TTL", events: at(one(answered), one(farRST)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.Between, cause: -1,
			level: evidence.Inferred, words: "TTL is 57",
		}, {
			name: "a shape that Linux does not send", events: at(one(data), one(oddRST)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.Between, cause: -1,
			level: evidence.Inferred, words: "of this shape",
		}, {
			name: "keepalive gave up, by the counters", events: at(one(accept), one(ownRST)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "TCPKeepAlive": 3, "TCPAbortOnTimeout": 1},
			sender:   evidence.Timer, host: "server",
			reason: "TCP_KEEPALIVE_TIMEOUT", cause: -1, level: evidence.Inferred, words: "TCPKeepAlive",
		}, {
			name: "an accept queue overflowed", events: at(one(syn), one(data), one(reply)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "EmbryonicRsts": 1, "ListenOverflows": 1},
			sender:   evidence.KernelReply, host: "server",
			reason: "INVALID_SYN", cause: 1, level: evidence.Inferred, words: "EmbryonicRsts",
		}, {
			name: "nobody listens", events: at(one(syn), one(refusal)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "AttemptFails": 1}, sender: evidence.KernelReply, host: "server",
			reason: "NO_SOCKET", cause: 0, level: evidence.Inferred, words: "no socket",
		}, {
			name: "somebody listens, and would not have the SYN", events: at(one(syn), one(refusal)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "ListenDrops": 1}, sender: evidence.KernelReply, host: "server",
			cause: 0, level: evidence.Inferred, words: "shape of an answer",
		}, {
			name: "data for what waits in TIME-WAIT", events: at(one(finish), one(data), one(reply)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.KernelReply, host: "server",
			reason: "TCP_TIMEWAIT_SOCKET", cause: 1, level: evidence.Inferred, words: "its FIN before",
		}, {
			name: "there was no room to wait", events: at(one(finish), one(data), one(reply)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "TCPTimeWaitOverflow": 1}, sender: evidence.KernelReply, host: "server",
			reason: "NO_SOCKET", cause: 1, level: evidence.Inferred, words: "TCPTimeWaitOverflow",
		}, {
			name: "it may have waited long enough", events: append(at(one(finish)), later(time.Second, data, reply)...),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1}, sender: evidence.KernelReply, host: "server",
			cause: 1, level: evidence.Inferred, words: "shape of an answer",
		}, {
			name: "a silent crash: several reasons would fit", events: at(one(accept), one(data), one(reply)),
			missing:  withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.KernelReply, host: "server", cause: 1,
			level: evidence.Inferred, words: "shape of an answer",
		}, {
			name: "linger 0 on a process of which no call is known", events: at(one(data), one(ownRST)),
			missing:  withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "TCPAbortOnData": 1}, sender: evidence.Application, host: "server",
			reason: "TCP_STATE", cause: -1, level: evidence.Inferred, words: "TCPAbortOnData",
		}, {
			name: "aborted, and used by a child until it aborts",
			events: at(one(accept), one(data), one(call("server", "abort", 2, 0)),
				one(packet("server", evidence.Packet{Flags: "PSH ACK", Seq: 1, Ack: 3, Len: 1, Window: 512, IPID: 2})),
				one(ownRST)),
			missing:  withoutKernel,
			counters: map[string]int64{"OutRsts": 2, "TCPAbortOnClose": 1, "TCPAbortOnData": 1},
			sender:   evidence.Application, host: "server", reason: "TCP_STATE", cause: 2, level: evidence.Inferred,
			words: "SO_LINGER",
		}, {
			name: "dissolved when both had finished",
			events: at(one(accept), one(call("server", "shutdown", 2, 0)), one(call("client", "close", 1, 0)),
				one(data), one(call("server", "disconnect", 2, 0)), one(ownRST)),
			missing:  withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.Application, host: "server",
			reason: "TCP_DISCONNECT_WITH_DATA", cause: 4, level: evidence.Inferred, words: "unsent",
		}, {
			name: "closed with all read, by the counters", events: at(one(accept), one(call("server", "close", 2, 0)),
				one(ownRST)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 1}, sender: evidence.Application, host: "server",
			reason: "TCP_STATE", cause: 1, level: evidence.Inferred, words: "without a FIN",
		}, {
			name: "closed with all read, and more than one counter moved", events: at(one(accept),
				one(call("server", "close", 2, 0)), one(ownRST)), missing: withoutKernel,
			counters: map[string]int64{"OutRsts": 2, "TCPAbortOnData": 1, "TCPAbortOnLinger": 1},
			sender:   evidence.Application, host: "server", cause: 1, level: evidence.Inferred, words: "its owner ended",
		}, {
			name: "a socket's own, of which nothing tells why", events: at(one(data), one(ownRST)),
			missing:  withoutKernel,
			counters: map[string]int64{"OutRsts": 1, "TCPAbortOnData": 1, "TCPAbortOnClose": 1},
			sender:   evidence.Application, host: "server", cause: -1, level: evidence.Inferred, words: "its owner ended",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &evidence.Recording{
				Events: test.events, Missing: test.missing, Gaps: test.gaps, LostEvents: test.lost,
				Counters: counted(test.counters),
				Hosts:    []evidence.Host{{Name: "client"}, {Name: "server", Private: test.private}},
				Flows:    []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
			}
			if test.private {
				r.Counters[0].Host = "server"
			}
			evidence.Judge(r)
			if len(r.Resets) != 1 {
				t.Fatalf("%d verdicts, want 1:\n%v", len(r.Resets), r)
			}
			got := r.Resets[0]
			want := evidence.Reset{
				Sender: test.sender, Host: test.host, Reason: test.reason, Cause: test.cause, Level: test.level,
				Event: got.Event, By: got.By, Why: got.Why, Clue: got.Clue,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if !strings.Contains(got.Why+" "+got.Clue, test.words) {
				t.Errorf("the words are %q [%s], want %q in them", got.Why, got.Clue, test.words)
			}
		})
	}
}

// Calls alone tell of no reset where the connection was over before somebody
// aborted it.
func TestWhoAbortsWhatIsOverResetsNobody(t *testing.T) {
	lost := call("client", "read", 1, 0)
	lost.Call.Ending = tcp.Reset
	for _, test := range []struct {
		name   string
		events []evidence.Event
		sender []evidence.Sender
	}{
		{"both had sent their FIN", at(one(accept), one(call("server", "shutdown", 2, 0)),
			one(call("client", "close", 1, 0)), one(call("server", "disconnect", 2, 0))), nil},
		{"one had", at(one(accept), one(call("server", "shutdown", 2, 0)), one(call("server", "abort", 2, 0))),
			[]evidence.Sender{evidence.Application}},
		{"the other had", at(one(accept), one(call("client", "shutdown", 1, 0)), one(call("server", "abort", 2, 0))),
			[]evidence.Sender{evidence.Application}},
		{"it was reset before", at(one(accept), one(lost), one(call("client", "abort", 1, 0))),
			[]evidence.Sender{evidence.Unknown}},
	} {
		r := &evidence.Recording{
			Events:  test.events,
			Missing: []evidence.MissingLane{{Lane: evidence.Wire, Why: "test"}, {Lane: evidence.Kernel, Why: "test"}},
			Flows:   []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
		}
		evidence.Judge(r)
		var got []evidence.Sender
		for _, reset := range r.Resets {
			got = append(got, reset.Sender)
		}
		if !slices.Equal(got, test.sender) {
			t.Errorf("%s: sent by %v, want %v", test.name, got, test.sender)
		}
	}
}

func TestSeveralRSTsAndOneSender(t *testing.T) {
	r := &evidence.Recording{
		Events:   at(one(data), one(reply), one(reply)),
		Missing:  []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}},
		Counters: counted(map[string]int64{"OutRsts": 1}),
		Flows:    []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
	}
	evidence.Judge(r)
	for i := range r.Resets {
		if r.Resets[i].Sender != evidence.Unknown {
			t.Errorf("got %v, want nobody named: one of the two is not ours", &r.Resets[i])
		}
	}
}

// An abort whose RST could not leave explains none that was on the wire.
func TestAnAbortThatCouldNotLeave(t *testing.T) {
	r := &evidence.Recording{
		Events:   at(one(accept), one(data), one(answered), one(reply)),
		Missing:  []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}},
		Counters: counted(map[string]int64{"OutRsts": 2, "TCPAbortOnData": 1, "TCPAbortFailed": 1}),
		Flows:    []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
	}
	evidence.Judge(r)
	if got := r.Resets[0]; got.Sender != evidence.KernelReply || got.Reason != "" {
		t.Errorf("got %v, want an answer for a reason that is not known", &got)
	}
}
