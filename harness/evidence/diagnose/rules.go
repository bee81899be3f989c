package diagnose

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A rule is one line of a table. Of a table the first rule that fits decides,
// and those below it need not say what those above it have ruled out.
type rule struct {
	when string // in words
	fits func(*question) bool
	then func(*question)
}

// decide lets the first rule that fits decide. If none does, nothing is known.
func decide(table []rule, q *question) {
	for _, r := range table {
		if r.fits(q) {
			q.verdict.Rules = append(q.verdict.Rules, r.when)
			r.then(q)
			return
		}
	}
}

// unspecified is what kernels before Linux 6.12 give as the reason.
const unspecified = "NOT_SPECIFIED"

// senders is the table of who sent the RST.
func senders() []rule {
	return []rule{
		{"the kernel noted that it answered a segment",
			func(q *question) bool { return q.note != nil && q.note.Passive },
			func(q *question) {
				q.sent(evidence.KernelReply, q.segmentBefore(), "tcp_send_reset names the segment that was answered (skbaddr)")
			}},
		{"the kernel noted that a timer of its own sent it",
			func(q *question) bool { return q.note != nil && q.note.Reason == "TCP_KEEPALIVE_TIMEOUT" },
			func(q *question) {
				q.sent(evidence.Timer, -1, "tcp_send_reset says that no segment was answered, and the reason is a timer's")
			}},
		{"the kernel noted it, and that it answered nothing",
			func(q *question) bool { return q.note != nil },
			func(q *question) {
				q.sent(evidence.Application, q.callBefore(), "tcp_send_reset says that no segment was answered (skbaddr is 0)")
				q.verdict.By = q.by(q.note.Process)
			}},
		{"the kernel noted no RST, and would have",
			func(q *question) bool { return !q.around.lacks(evidence.Kernel) && q.doubt() == "" },
			func(q *question) {
				q.verdict.Level = evidence.Observed
				q.between("the kernel sent no RST for this connection: no tcp_send_reset goes with it")
			}},
		{"its host counted no RST",
			func(q *question) bool { return q.around.counts(q.verdict.Host) && q.counted("OutRsts") == 0 },
			func(q *question) { q.between("the counter OutRsts did not move: no TCP of this host sent a RST") }},
		{"it was first seen where its host is not",
			func(q *question) bool { return q.spoofedByPath() != "" },
			func(q *question) { q.between(q.spoofedByPath()) }},
		{"its TTL is not that of its host",
			(*question).otherTTL,
			func(q *question) {
				q.between(fmt.Sprintf("its TTL is %d, unlike that of the other segments from there", q.fact().Packet.TTL))
			}},
		{"it has the window or IP id of a socket's own, and no ACK",
			func(q *question) bool { return q.own() && !q.fact().Packet.Has("ACK") },
			func(q *question) { q.between("no Linux sends a RST of this shape: " + q.shape()) }},
		{"it is a socket's own, keepalive gave up, and nobody called",
			func(q *question) bool { return q.own() && q.gaveUp() },
			func(q *question) {
				q.sent(evidence.Timer, -1, "the counters TCPKeepAlive and TCPAbortOnTimeout moved, and no call goes with it")
			}},
		{"it is a socket's own",
			(*question).own,
			func(q *question) {
				q.sent(evidence.Application, q.callBefore(), "the shape of a socket's own RST: "+q.shape())
				q.verdict.By = q.by("")
			}},
		{"it is an answer, and more of them came than its host counted",
			func(q *question) bool { return q.around.foreign(q.verdict.Host) },
			func(q *question) {
				q.sent(evidence.Unknown, -1, "the counter OutRsts says that this host's TCP did not send all of the RSTs")
				q.verdict.Host = ""
				q.verdict.Why = "the kernel answered a segment that belongs to no connection, or a device between did"
			}},
		{"it is an answer",
			func(*question) bool { return true },
			func(q *question) {
				q.sent(evidence.KernelReply, q.segmentBefore(), "the shape of an answer: "+q.shape())
			}},
	}
}

func (q *question) sent(by evidence.Sender, cause int, clue string) {
	q.verdict.Sender, q.cause, q.verdict.Clue = by, cause, clue
}

// reasons is the table of the reason that the kernel would tell for the RST. It
// gives none where several would fit.
func reasons() []rule {
	application := func(q *question) bool { return q.verdict.Sender == evidence.Application }
	answer := func(q *question) bool { return q.verdict.Sender == evidence.KernelReply }
	toSYN := func(q *question) bool { return answer(q) && q.cause >= 0 && q.facts[q.cause].Packet.Flags == "SYN" }
	table := []rule{
		{"the RST itself tells, by an option of Multipath TCP",
			func(q *question) bool { return q.seen() && multipathReason(q.fact().Packet) != "" },
			func(q *question) { q.because(multipathReason(q.fact().Packet), "its option of Multipath TCP says why") }},
		{"a timer sent it",
			func(q *question) bool { return q.verdict.Sender == evidence.Timer },
			because("TCP_KEEPALIVE_TIMEOUT", "")},
		{"its owner dissolved the connection, which was over",
			func(q *question) bool { return application(q) && q.op() == tcp.Disconnect && q.over(q.cause) },
			because("TCP_DISCONNECT_WITH_DATA", "")}, // for there was a RST all the same
		{"its owner dissolved the connection",
			func(q *question) bool { return application(q) && q.op() == tcp.Disconnect },
			because("TCP_STATE", "")},
		{"the kernel held bytes for its owner that were not read",
			func(q *question) bool { return application(q) && q.figures().Unread > 0 },
			func(q *question) {
				q.because("TCP_ABORT_ON_CLOSE", fmt.Sprintf("the socket held %d bytes that were not read", q.figures().Unread))
			}},
		{"bytes had come to its owner that were not read",
			func(q *question) bool { return application(q) && q.closedUnread() },
			func(q *question) {
				unread, _ := q.unread()
				q.because("TCP_ABORT_ON_CLOSE", fmt.Sprintf("%d bytes had come and were not read", unread))
			}},
		{"its owner aborted it",
			func(q *question) bool { return application(q) && q.op() == tcp.Abort },
			because("TCP_STATE", "")},
	}
	for _, counter := range ownAborts() {
		table = append(table, rule{"only the counter " + counter + " moved",
			func(q *question) bool { return application(q) && q.around.only(q.verdict.Host, counter) },
			because(abortReasons()[counter], "the counter "+counter+" moved")})
	}
	return append(table, []rule{
		{"its owner closed it with everything read, and no counter speaks of anything else",
			func(q *question) bool {
				_, known := q.unread()
				return application(q) && known && q.op() == tcp.Close &&
					q.counted("TCPAbortOnLinger") == 0 && q.counted("TCPAbortOnMemory") == 0 // not even for others
			},
			because("TCP_STATE", "")},
		{"a handshake was broken off",
			func(q *question) bool { return answer(q) && q.moved("EmbryonicRsts") },
			because("INVALID_SYN", "the counter EmbryonicRsts moved")},
		{"a SYN came where something was: a listener, or what is left of an older connection",
			func(q *question) bool { return toSYN(q) && (q.Reused || q.counted("ListenDrops") > 0) },
			because("", "")},
		{"a SYN came where nobody listens",
			toSYN, because("NO_SOCKET", "")},
		{"data came for a socket that nobody reads any more",
			func(q *question) bool { return answer(q) && q.around.only(q.verdict.Host, "TCPAbortOnData") },
			because("TCP_ABORT_ON_DATA", "the counter TCPAbortOnData moved")},
		{"there was no room for another TIME-WAIT",
			func(q *question) bool { return answer(q) && q.moved("TCPTimeWaitOverflow") },
			because("NO_SOCKET", "the counter TCPTimeWaitOverflow moved")},
		{"the connection can only be in TIME-WAIT, or FIN-WAIT-2 without an owner",
			func(q *question) bool {
				return answer(q) && q.waits() && !q.around.noisy(q.verdict.Host) && q.counted("TCPAbortOnData") == 0
			},
			because("TCP_TIMEWAIT_SOCKET", "it had sent its FIN before")},
	}...)
}

// abortReasons are the reasons of what the kernel counts in [ownAborts].
func abortReasons() map[string]string {
	return map[string]string{
		"TCPAbortOnClose": "TCP_ABORT_ON_CLOSE", "TCPAbortOnLinger": "TCP_ABORT_ON_LINGER",
		"TCPAbortOnMemory": "TCP_ABORT_ON_MEMORY", "TCPAbortOnData": "TCP_STATE",
	}
}

func because(reason, clue string) func(*question) {
	return func(q *question) { q.because(reason, clue) }
}

func (q *question) because(reason, clue string) {
	q.verdict.Reason = reason
	if clue != "" {
		q.verdict.Clue += "; " + clue
	}
}

// closedUnread says whether bytes had come that were not read, and no counter
// speaks against that they mattered.
func (q *question) closedUnread() bool {
	unread, known := q.unread()
	return known && unread > 0 && (!q.around.counts(q.verdict.Host) || q.counted("TCPAbortOnClose") > 0)
}
