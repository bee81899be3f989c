package tcp

// A Reason is one of the kernel's reasons for sending a RST, by the name that
// the tracepoint tcp_send_reset prints, such as "TCP_ABORT_ON_CLOSE" (enum
// sk_rst_reason, include/net/rstreason.h; Linux 6.12 and later). The empty
// Reason says that the kernel told none.
type Reason string

// Why says in a phrase what the reason means, and whether the kernel has a
// reason of that name.
func (r Reason) Why() (phrase string, known bool) {
	for _, e := range explanations {
		if e.reason == r {
			return e.why, true
		}
	}
	return "", false
}

// Explain says in sentences what the reason means and what its name hides, and
// whether the kernel has a reason of that name.
func (r Reason) Explain() (sentences string, known bool) {
	for _, e := range explanations {
		if e.reason == r {
			return e.why + ". " + e.more, true
		}
	}
	return "", false
}

// Reasons returns the reasons that [Reason.Explain] knows, in the kernel's
// order.
func Reasons() []Reason {
	var all []Reason
	for _, e := range explanations {
		all = append(all, e.reason)
	}
	return all
}

// An explanation says what a reason means.
type explanation struct {
	reason Reason
	why    string // in a phrase
	more   string // how it comes about, and what the name hides
}

// explanations has what is known of each reason, in the order of the kernel's
// list. Nothing changes it.
var explanations = []explanation{
	{"NOT_SPECIFIED", "the kernel gives no reason",
		"No path of plain TCP leads here on Linux 6.12 and later; before that every RST of a socket's " +
			"own had it."},
	{"NO_SOCKET", "no socket belongs to the segment that came",
		"Nobody listens there, or the connection is long gone: the host was rebooted, a NAT forgot " +
			"it, or the last state of a closed connection timed out. To a SYN the other end says " +
			"ECONNREFUSED, to anything else ECONNRESET."},
	{"TCP_INVALID_ACK_SEQUENCE", "a SYN was answered with the acknowledgement of something else",
		"Seen when a port is used again while the other end still holds the old connection: its " +
			"challenge ACK does not fit, this RST clears the old one away, and the next SYN gets through " +
			"(RFC 9293, section 3.5.1)."},
	{"TCP_RFC7323_PAWS", "a SYN was answered with a time stamp that was never sent",
		"The SYN-ACK echoes a TCP time stamp that is none of ours (RFC 7323). Forged or much delayed " +
			"answers do that."},
	{"TCP_TOO_OLD_ACK", "an acknowledgement is older than the connection",
		"In a simultaneous open, before the handshake was complete (RFC 9293, section 3.10.7.4)."},
	{"TCP_ACK_UNSENT_DATA", "an acknowledgement is of data that was never sent",
		"In a simultaneous open, before the handshake was complete (RFC 9293, section 3.10.7.4)."},
	{"TCP_FLAGS", "a listener got a segment that belongs to no handshake",
		"The name speaks of flags, but what it mostly means is: the server was restarted. Its clients " +
			"go on sending on connections that the new listener has never heard of. An accept queue that " +
			"overflowed and a SYN cookie that does not fit end here, too."},
	{"TCP_OLD_ACK", "an acknowledgement is of nothing new, before the handshake was complete",
		"Not reached by any known path of today's kernels."},
	{"TCP_ABORT_ON_DATA", "data came for a socket whose owner has closed it for reading",
		"After shutdown(SHUT_RDWR) or in FIN_WAIT, new data cannot be delivered to anybody. A " +
			"negative TCP_LINGER2 has the same name when the FIN is acknowledged. The counter " +
			"TCPAbortOnData counts SO_LINGER 0, too."},
	{"TCP_TIMEWAIT_SOCKET", "data came for a connection that this end has closed already",
		"The name speaks of TIME_WAIT, but what it means is: the peer wrote after a clean close. Its " +
			"next write fails with EPIPE, its read sees a clean end; ECONNRESET it never sees."},
	{"INVALID_SYN", "a handshake was broken off",
		"The name speaks of a SYN, but what it mostly means is: the accept queue was full and " +
			"net.ipv4.tcp_abort_on_overflow is 1. The client's connect had succeeded already. A second " +
			"SYN inside the window of a half-open connection has the same name."},
	{"TCP_ABORT_ON_CLOSE", "its owner closed with received bytes unread",
		"The bytes are lost, and the RST is there to tell the peer (RFC 1122, section 4.2.2.13). " +
			"close() itself returns 0. Read to the end before closing; a process that is killed closes as " +
			"well."},
	{"TCP_ABORT_ON_LINGER", "its owner does not want to wait in FIN_WAIT2",
		"Not SO_LINGER, whatever the name says: that is TCP_STATE. This is close() behind " +
			"shutdown(SHUT_WR) with a negative TCP_LINGER2."},
	{"TCP_ABORT_ON_MEMORY", "the kernel holds too many closed connections, or too much memory for them",
		"More orphans than net.ipv4.tcp_max_orphans, or above the last value of net.ipv4.tcp_mem. It " +
			"concerns the whole machine."},
	{"TCP_STATE", "its owner ended the connection at once",
		"The name speaks of a state, but what it mostly means is SO_LINGER with timeout 0, then " +
			"close. It is also connect(AF_UNSPEC), a listener that was closed with connections not yet " +
			"accepted, ss -K, and FIN_WAIT2 of an orphan that lasted too long. The counter TCPAbortOnData " +
			"moves for SO_LINGER 0 and for none of the others."},
	{"TCP_KEEPALIVE_TIMEOUT", "keepalive probes went unanswered",
		"The kernel's timer gave up on the peer; the application reads ETIMEDOUT. The RST tells the " +
			"peer, should it still be there. TCP_USER_TIMEOUT and retries that are used up end a " +
			"connection without any RST."},
	{"TCP_DISCONNECT_WITH_DATA", "its owner dissolved the connection with data unsent",
		"connect(AF_UNSPEC) when both ends had sent their FIN and data was still in the queue."},
	{"MPTCP_RST_EUNSPEC", "Multipath TCP ended a subflow without a cause of its own",
		"Often the answer to a reset of the other end (RFC 8684, section 3.6)."},
	{"MPTCP_RST_EMPTCP", "the Multipath TCP handshake or mapping is wrong",
		"A subflow was to join a connection with a token that this host does not know (RFC 8684, " +
			"section 3.6)."},
	{"MPTCP_RST_ERESOURCE", "Multipath TCP has no resources for another subflow",
		"A cause that peers may tell; Linux itself does not raise it (RFC 8684, section 3.6)."},
	{"MPTCP_RST_EPROHIBIT", "Multipath TCP is not allowed another subflow",
		"The limit of subflows is reached: ip mptcp limits (RFC 8684, section 3.6)."},
	{"MPTCP_RST_EWQ2BIG", "Multipath TCP has too much data waiting",
		"A cause that peers may tell; Linux itself does not raise it (RFC 8684, section 3.6)."},
	{"MPTCP_RST_EBADPERF", "a Multipath TCP subflow performs too badly",
		"A cause that peers may tell; Linux itself does not raise it (RFC 8684, section 3.6)."},
	{"MPTCP_RST_EMIDDLEBOX", "a device between has changed Multipath TCP's data",
		"A checksum does not fit or the mapping is missing on one subflow; the connection goes on " +
			"over the others and the application notices nothing (RFC 8684, section 3.6)."},
	{"ERROR", "Multipath TCP gave a cause that the kernel has no name for",
		"A default of the conversion from RFC 8684's causes; not reached by any known path."},
	{"MAX", "no reason: it ends the kernel's list",
		"If it is seen, the kernel has a bug."},
}
