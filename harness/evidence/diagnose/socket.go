package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// sockets is the table of what is left of a RST that a kernel noted together
// with all that it knew of the socket: with that, its reason can be told apart.
// It is asked before the table of words.
func sockets() []rule {
	reason := func(reason string, fits func(*question) bool) func(*question) bool {
		return func(q *question) bool { return q.socket() && q.verdict.Reason == reason && fits(q) }
	}
	always := func(*question) bool { return true }
	return []rule{
		{"no program had accepted it, and its listener was not closed", // by which netlink is asked for it
			reason("TCP_STATE", func(q *question) bool {
				return q.figures().Unaccepted && slices.Contains([]string{"sendmsg", "sendto", "write"}, q.hand().Call)
			}),
			why("somebody destroyed its listener from outside the program, as ss -K does", "destroyed")},
		{"no program had accepted it",
			reason("TCP_STATE", func(q *question) bool { return q.figures().Unaccepted }),
			why("its listener was closed before anybody accepted the connection", "listener-closed")},
		{"nobody held it, and it waited in FIN-WAIT-2",
			reason("TCP_STATE", func(q *question) bool { return q.orphan("FIN_WAIT2") && q.figures().StillOpen }),
			why("its program had closed it, and the peer did not finish in time (tcp_fin_timeout)", []string{}...)},
		{"it was open when it was reset, and its owner closes first",
			reason("TCP_STATE", func(q *question) bool { return q.figures().StillOpen }),
			why("somebody destroyed the socket from outside its program, as ss -K does", "destroyed")},
		{"SO_LINGER 0, closed",
			reason("TCP_STATE", func(q *question) bool { return q.figures().LingerZero && q.op() != tcp.Disconnect }),
			func(q *question) {
				q.verdict.Why = "its owner wanted it: SO_LINGER with timeout 0, then close"
				q.verdict.Causes = q.ofAbort()
			}},
		{"its process died of a signal",
			reason("TCP_ABORT_ON_CLOSE", func(q *question) bool { return q.hand().Signal != "" }),
			func(q *question) {
				of := q.hand().Signal
				if q.hand().OOM {
					of += ", by the OOM killer for want of memory,"
				}
				q.verdict.Why = fmt.Sprintf("its process died of %s with %d bytes unread", of, q.figures().Unread)
				q.verdict.Causes = []string{"killed"}
			}},
		{"closed with bytes unread",
			reason("TCP_ABORT_ON_CLOSE", always),
			func(q *question) {
				q.verdict.Why = phrase(q.verdict.Reason)
				q.verdict.Causes = q.ofUnread()
			}},
		{"an accept queue over its maximum",
			func(q *question) bool {
				return q.socket() && q.figures().State == tcp.StateListen && q.figures().Queue > q.figures().QueueMost &&
					slices.Contains([]string{"TCP_FLAGS", "INVALID_SYN"}, q.verdict.Reason)
			},
			func(q *question) {
				q.verdict.Why = fmt.Sprintf("the accept queue was full: %d connections where %d may be", q.figures().Queue, q.figures().QueueMost)
				q.verdict.Causes = []string{"accept-queue-full"}
			}},
		{"nothing listens where a SYN came",
			func(q *question) bool {
				return q.socketless() && q.verdict.Reason == "NO_SOCKET" && q.answered().Flags == "SYN"
			},
			why("nobody listens there", "refused")},
		{"a SYN-ACK came for what nobody is making",
			func(q *question) bool {
				return q.socketless() && q.verdict.Reason == "NO_SOCKET" && q.answered().Flags == "SYN ACK"
			},
			why("a handshake was answered that this kernel is not making: a scanner's or checker's own, or one that was given up",
				"health-check", "left-before-accept", "nat-forgot")},
		{"an ACK without data came for what is gone",
			func(q *question) bool {
				return q.socketless() && q.verdict.Reason == "NO_SOCKET" && q.answered().Flags == "ACK" && q.answered().Len == 0
			},
			why("no socket belongs to the segment that came, which had no data", "restarted", "gave-up", "nat-forgot",
				"nat-passed-invalid", "wrote-after-close", "time-wait-assassinated", "inexact-reset")},
		{"a listener got data", // of a handshake that it never had
			reason("TCP_FLAGS", func(q *question) bool { return q.answered().Len > 0 }),
			why("a listener got data of a connection that it does not know", "restarted", "stray-segment", "nat-passed-invalid",
				"accept-queue-full")}, // of a request that expired in a full queue
		{"nobody was left to read what came",
			reason("TCP_ABORT_ON_DATA", func(q *question) bool { return q.figures().Orphan && q.answered().Len > 0 }),
			why("data came for a connection that its program had closed", "wrote-after-close", "left-early", "max-startups")},
		{"nobody held it, and no data came",
			reason("TCP_ABORT_ON_DATA", func(q *question) bool { return q.figures().Orphan }),
			why("its program had closed it and does not want to wait in FIN-WAIT-2 (TCP_LINGER2 below 0)", "impatient-finish")},
		{"data came for who had shut down reading",
			reason("TCP_ABORT_ON_DATA", always),
			why("data came for a socket that its owner had shut down in both directions", "shutdown-then-data")},
	}
}

// socket says whether all that the kernel knew of the socket that sent the RST is
// known.
func (q *question) socket() bool { return q.note != nil && q.figures().Whole }

// hand returns what the task at hand was doing, as far as known.
func (q *question) hand() evidence.AtHand {
	if q.note == nil || q.note.AtHand == nil {
		return evidence.AtHand{}
	}
	return *q.note.AtHand
}

// orphan says whether no program held the socket, and it was in a state.
func (q *question) orphan(in tcp.State) bool { return q.figures().Orphan && q.figures().State == in }

// answered returns the segment that the RST answers, as far as it is known.
func (q *question) answered() evidence.Packet {
	if q.cause < 0 || q.facts[q.cause].Packet == nil {
		return evidence.Packet{}
	}
	return *q.facts[q.cause].Packet
}

// silent says whether the connection carried no data at all.
func (q *question) silent() bool {
	f := q.figures()
	return f.Whole && f.Sent == 0 && f.Received == 0 && f.Unsent == 0
}

// ofAbort are the causes for which a program aborts on purpose. The first is true
// of all of them.
func (q *question) ofAbort() []string {
	names := []string{"linger-zero"}
	client, server := q.Flow.ClientHost == q.verdict.Host, q.Flow.ServerHost == q.verdict.Host
	if !server && q.silent() {
		names = append(names, "health-check", "left-before-accept")
	}
	if !client && !q.silent() {
		names = append(names, "idle-timeout")
	}
	if !client {
		names = append(names, "descriptor-limit", "upstream-refuses", "held-by-child")
	}
	return names
}

// ofUnread are the causes for which a program closes with bytes unread. The first
// is true of all of them.
func (q *question) ofUnread() []string {
	client, server := q.Flow.ClientHost == q.verdict.Host, q.Flow.ServerHost == q.verdict.Host
	ofClients := []string{"left-early", "left-before-accept"}
	names := []string{"unread"}
	for _, cause := range causes.ByReason("TCP_ABORT_ON_CLOSE") {
		switch {
		case cause.Name == "unread", client != slices.Contains(ofClients, cause.Name) && (client || server):
		case cause.Name == "killed" && !q.hand().Dying && q.note.AtHand != nil:
		default:
			names = append(names, cause.Name)
		}
	}
	return names
}

// Suffered judges what came to an end of the connection from elsewhere, by what
// its kernel noted last: a RST was received, or an error ended it and no RST did.
// ok is false if it noted neither. What the other end did is not seen from here,
// so that several causes mostly remain.
func (c *Connection) Suffered() (v Verdict, ok bool) {
	for at := len(c.facts) - 1; at >= 0; at-- {
		f := c.facts[at]
		if f.Trace == nil || f.Trace.Sent() {
			continue
		}
		q := &question{Connection: c, at: at, cause: -1}
		q.verdict.At, q.verdict.Event, q.verdict.Flow, q.verdict.Cause = f.number, -1, c.Number, -1
		q.verdict.Host, q.verdict.Sender, q.verdict.Level = f.Host, evidence.Unknown, evidence.Inferred
		q.verdict.Clue = f.Trace.Name + " noted it"
		decide(suffered(), q)
		q.verdict.Host = "" // of who sent it nothing is known
		q.verdict.Settle = "the same at the other end would tell: there its kernel knows why, or has sent none"
		return q.verdict, true
	}
	return Verdict{}, false
}

// longIdle is from when on a time-out of the peer or of a device between becomes
// the first thing to think of: the shortest that are in use are a minute.
const longIdle = time.Minute

// suffered is the table of what came from elsewhere.
func suffered() []rule {
	failed := func(names ...string) func(*question) bool {
		return func(q *question) bool { return slices.Contains(names, q.fact().Trace.Error) }
	}
	state := func(states ...tcp.State) func(*question) bool {
		return func(q *question) bool { return slices.Contains(states, q.figures().State) }
	}
	server := func(q *question) bool { return q.Flow.ServerHost == q.verdict.Host }
	return []rule{
		{"destroyed", failed("ECONNABORTED"),
			why("somebody destroyed the socket from outside its program, as ss -K does", "destroyed")},
		{"the way is gone", failed("EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"),
			why("the network said that there is no way", "icmp-unreachable", "address-gone", "firewall-rejects")},
		{"refused without a RST", failed("ECONNREFUSED"),
			why("an ICMP message refused it: no RST came", "icmp-unreachable", "firewall-rejects")},
		{"no answer to SYN", func(q *question) bool { return failed("ETIMEDOUT")(q) && state(tcp.StateSynSent)(q) },
			why("nothing answered the SYNs", "firewall-drops", "address-gone", "accept-queue-full", "signature-missing")},
		{"no acknowledgement", func(q *question) bool { return failed("ETIMEDOUT")(q) && q.figures().Unacked+q.figures().Unsent > 0 },
			why("what it sent was not acknowledged in time", "address-gone", "firewall-drops", "flow-expired")},
		{"gave up", failed("ETIMEDOUT"),
			why("the peer did not answer in time", "keepalive-gave-up", "address-gone", "flow-expired")},
		{"another error", func(q *question) bool { return q.fact().Trace.Error != "" },
			func(q *question) { why("an error ended it: "+q.fact().Trace.Error, []string{}...)(q) }},
		{"refused", state(tcp.StateSynSent),
			why("its SYN was answered with RST", "refused", "firewall-rejects", "banned")},
		{"a handshake broken off", state(tcp.StateSynReceived, "NEW_SYN_RECV"),
			why("the peer broke the handshake off", "health-check", "left-before-accept", "stray-segment")},
		{"not accepted", func(q *question) bool { return q.figures().Unaccepted },
			why("the peer left before any program had accepted the connection", "left-before-accept", "health-check")},
		{"a probe", func(q *question) bool { return server(q) && q.silent() },
			why("the peer connected and aborted without a word", "health-check", "left-before-accept", "linger-zero")},
		{"the peer had finished", state(tcp.StateCloseWait, tcp.StateLastAck, tcp.StateClosing),
			why("the peer had closed, and answered what was sent to it afterwards", "wrote-after-close", "left-early", "impatient-finish",
				"shutdown-then-data", "killed", "max-startups")},
		{"this end had closed", state(tcp.StateFinWait1, tcp.StateFinWait2),
			why("the peer answered this end's close with a reset", "unread", "left-early", "wrote-after-close", "linger-zero", "killed", "health-check")},
		{"after a long silence", func(q *question) bool { return q.figures().Idle >= longIdle && q.figures().Unacked == 0 },
			func(q *question) {
				words := fmt.Sprintf("nothing had been sent for %v: an idle time-out of the peer, or of a device between", q.figures().Idle.Round(time.Second))
				why(words, "idle-timeout", "flow-expired", "killed", "restarted", "linger-zero")(q)
			}},
		{"with data under way", func(q *question) bool { return q.figures().Unacked > 0 },
			why("the peer did not want what was being sent to it", "unread", "restarted", "killed", "refused-upload", "wrote-after-close",
				"nat-forgot", "flow-expired", "gave-up", "forged", "linger-zero")},
		{"in the open", func(*question) bool { return true },
			why("the peer ended the open connection without a FIN", "linger-zero", "unread", "killed", "idle-timeout", "left-early",
				"forged", "firewall-rejects")},
	}
}

// Cost says what the connection lost, by what the kernel last knew of the socket
// at host; its level is unknown where it knew nothing. The first part of both
// Bytes is about what host sent.
func (c *Connection) Cost(host string) Harm {
	q := &question{Connection: c, at: len(c.facts) - 1, cause: -1}
	q.verdict.Host = host
	f := q.figures()
	sent := f.Unacked + f.Unsent
	harm := Harm{Unacked: Bytes{Initiator: sent}, Unread: Bytes{Responder: f.Unread}}
	var last *evidence.ResetTrace
	came := 0
	for _, f := range c.facts {
		switch {
		case f.Packet != nil && f.Host != host:
			came = f.Packet.Len
		case f.Trace != nil && f.Host == host:
			last = f.Trace
		}
	}
	for _, line := range []struct {
		fits  bool
		level HarmLevel
		why   string
	}{
		{came > 0, HarmCertain, fmt.Sprintf("%d bytes came and nobody took them", came)},
		{last != nil && last.Passive && !f.Whole, Harmless, "nothing but a segment without data was answered"},
		{!f.Whole, HarmUnknown, "the kernel told nothing of the socket"},
		{f.State == tcp.StateSynSent, Harmless, "the connection was never made"},
		{last != nil && last.Sent() && f.Unread > 0 && sent > 0, HarmCertain,
			fmt.Sprintf("%d bytes that had come were never read, %d of its own did not get through", f.Unread, sent)},
		{last != nil && last.Sent() && f.Unread > 0, HarmCertain, fmt.Sprintf("%d bytes that had come were never read", f.Unread)},
		{sent > 0, HarmPossible, fmt.Sprintf("%d bytes that its program had written were not acknowledged", sent)},
		{f.Unread > 0, HarmPossible, fmt.Sprintf("%d bytes that had come were not read yet", f.Unread)},
		{true, Harmless, "nothing was under way"},
	} {
		if line.fits {
			harm.Level, harm.Why = line.level, line.why
			return harm
		}
	}
	return harm
}
