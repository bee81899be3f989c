package diagnose

import (
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// words is the table of the words for the reason, and of the causes that are
// left. What the kernel calls TCP_STATE are several things: SO_LINGER with
// timeout 0, connect(AF_UNSPEC), a listener that closes, a socket destroyed.
func words() []rule {
	state := func(q *question) bool {
		return q.verdict.Sender == evidence.Application && q.verdict.Reason == "TCP_STATE"
	}
	return []rule{
		{"its owner ended it, nobody knows how",
			func(q *question) bool { return q.verdict.Sender == evidence.Application && q.verdict.Reason == "" },
			why("its owner ended the connection, with bytes unread or without a FIN")},
		{"the name of its reason says it",
			func(q *question) bool { return !state(q) },
			func(q *question) { q.verdict.Why = phrase(q.verdict.Reason) }},
		{"connect(AF_UNSPEC)",
			func(q *question) bool { return q.op() == tcp.Disconnect },
			why("its owner dissolved the connection with connect(AF_UNSPEC)", "disconnected")},
		{"SO_LINGER 0",
			func(q *question) bool {
				return q.op() == tcp.Abort || q.op() == tcp.Close && q.counted("TCPAbortOnData") > 0 || q.figures().LingerZero
			},
			why("its owner wanted it: SO_LINGER with timeout 0, then close", "linger-zero")},
		{"closed, and no counter of aborts",
			func(q *question) bool { return q.op() == tcp.Close },
			why("its owner ended the connection without a FIN", "linger-zero", "held-by-child", "descriptor-limit")},
		{"a proxy, which ends connections so",
			func(q *question) bool { return q.around.host(q.verdict.Host).Proxy },
			why("the proxy ended the connection with SO_LINGER 0", "linger-zero")},
		{"calls were lost",
			(*question).lostEvents,
			why("its owner ended the connection without a FIN; by which call is not known, for calls were lost")},
		{"no program ever had that end",
			func(q *question) bool { return !q.accepted() },
			why("its listener was closed before anybody accepted the connection", "listener-closed")},
		{"a program had that end, and called nothing",
			func(*question) bool { return true },
			why("somebody ended the connection from outside: ss -K, or the end of its process", "destroyed", "killed")},
	}
}

// why says it in words. causes are the names of those that are left; if there
// are none, the reason has them.
func why(words string, causes ...string) func(*question) {
	return func(q *question) { q.verdict.Why, q.verdict.Causes = words, causes }
}

// phrase says a reason of the kernel's in words. Without one it says what Linux
// most often means by a RST.
func phrase(reason string) string {
	if phrase, known := tcp.Reason(reason).Why(); known {
		return phrase
	}
	return "the kernel had no connection that the segment belongs to, or not in that state"
}
