package diagnose_test

import (
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A situation is a recording of one connection, and the verdict on its RST.
type situation struct {
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
}

func situations() []situation {
	withoutKernel := []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}}
	return []situation{
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
			name:    "its socket was closed just before, by a thread that may not have noted its RST yet",
			events:  at(one(accept), one(data), one(closed), one(ownRST)),
			missing: []evidence.MissingLane{{Lane: evidence.Counters, Why: "a test"}},
			sender:  evidence.Application, host: "server", cause: -1, reason: "TCP_ABORT_ON_CLOSE",
			level: evidence.Inferred, words: "closed just before",
		}, {
			name:   "its socket was closed just before, and no counter says that anybody sent a RST",
			events: at(one(accept), one(data), one(closed), one(ownRST)),
			sender: evidence.Between, cause: -1, level: evidence.Observed, words: "no tcp_send_reset",
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
			name: "a RST that a capture which was not whole does not show", events: at(one(data),
				one(call("server", "abort", 2, 0)), one(note("server", "TCP_STATE", false))),
			gaps:   []evidence.Gap{{Lane: evidence.Wire, To: time.Second, Why: "the capture ended"}},
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: 1,
			level: evidence.Observed, words: "perhaps this one",
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
		{
			name: "it left a router that neither end is",
			events: at(one(data), one(packet("server", evidence.Packet{Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512,
				Path: []evidence.Sighting{{Host: "router", Leaving: true}, {Host: "client"}}}))),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1},
			sender: evidence.Between, cause: -1, level: evidence.Inferred, words: "on router",
		}, {
			name: "the RST itself tells", events: at(one(data), one(packet("server", evidence.Packet{
				Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512, Data: multipathRST()}))),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1},
			sender: evidence.Application, host: "server", reason: "MPTCP_RST_EMIDDLEBOX", cause: -1,
			level: evidence.Inferred, words: "option of Multipath TCP",
		}, {
			name: "dissolved", events: at(one(accept), one(data), one(call("server", "disconnect", 2, 0)), one(ownRST)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1},
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: 2,
			level: evidence.Inferred, words: "AF_UNSPEC",
		}, {
			name: "closed with bytes unread, by the counter alone", events: at(one(data), one(ownRST)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1, "TCPAbortOnClose": 1},
			sender: evidence.Application, host: "server", reason: "TCP_ABORT_ON_CLOSE", cause: -1,
			level: evidence.Inferred, words: "the counter TCPAbortOnClose moved",
		}, {
			name: "no patience in FIN-WAIT-2, by the counter alone", events: at(one(data), one(ownRST)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1, "TCPAbortOnLinger": 1},
			sender: evidence.Application, host: "server", reason: "TCP_ABORT_ON_LINGER", cause: -1,
			level: evidence.Inferred, words: "the counter TCPAbortOnLinger moved",
		}, {
			name: "no memory, by the counter alone", events: at(one(data), one(ownRST)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1, "TCPAbortOnMemory": 1},
			sender: evidence.Application, host: "server", reason: "TCP_ABORT_ON_MEMORY", cause: -1,
			level: evidence.Inferred, words: "the counter TCPAbortOnMemory moved",
		}, {
			name: "data after shutdown, by the counter alone", events: at(one(data), one(reply)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1, "TCPAbortOnData": 1},
			sender: evidence.KernelReply, host: "server", reason: "TCP_ABORT_ON_DATA", cause: 0,
			level: evidence.Inferred, words: "the counter TCPAbortOnData moved",
		}, {
			name:    "its socket held what nobody had read",
			events:  at(one(data), one(evidence.Event{Host: "server", Figures: &evidence.Figures{Unread: 2}}), one(ownRST)),
			missing: withoutKernel, counters: map[string]int64{"OutRsts": 1, "TCPAbortOnClose": 1, "TCPAbortOnData": 1},
			sender: evidence.Application, host: "server", reason: "TCP_ABORT_ON_CLOSE", cause: -1,
			level: evidence.Inferred, words: "held 2 bytes",
		}, {
			name: "its socket was to linger for no time",
			events: at(one(accept), one(data), one(evidence.Event{Host: "server",
				Figures: &evidence.Figures{LingerZero: true}}), one(ownRST, note("server", "TCP_STATE", false))),
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: -1,
			level: evidence.Observed, words: "SO_LINGER",
		}, {
			name:   "an end of which calls were lost",
			events: at(one(accept), one(data), one(ownRST, note("server", "TCP_STATE", false))), lost: 1,
			sender: evidence.Application, host: "server", reason: "TCP_STATE", cause: -1,
			level: evidence.Observed, words: "calls were lost",
		},
	}
}
