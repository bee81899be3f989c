package causes

// systems are the names that POSIX, Linux, macOS and Windows have for how a
// connection ended. Each ending is there once, and what is said of it holds for
// every program that does not say more.
var systems = []Phrase{
	{
		Words: []string{"ECONNRESET", "connection reset by peer", "connection reset", "WSAECONNRESET",
			"errno 104", "os error 104", "errno 54", "os error 54", "=reset", "=104", "=54"},
		Ending: "reset", Known: "measured on Linux 6.18; POSIX, send(2), recv(2)",
		Sure: "A RST ended the connection: no more bytes come, and what this end had sent and the other not read " +
			"is lost. \"By peer\" is the wording and no proof: the peer's kernel, a firewall, a proxy or a " +
			"forger may have sent it. Linux hands the error out once: the call after it gets the end of the " +
			"stream, or EPIPE.",
		Points: []Pointer{
			{"idle-timeout", Possible, "the connection had been idle, as from a pool; a fresh one works"},
			{"restarted", Possible, "the peer was restarted, deployed anew or failed over about then"},
			{"killed", Possible, "the peer's process died then"},
			{"unread", Possible, "it comes at or before the reply, each time for the same request"},
			{"refused-upload", Possible, "it comes while a large body is being sent"},
			{"linger-zero", Possible, "it comes each time after the same delay, or the peer's log has a time-out " +
				"or refusal"},
			{"upstream-refuses", Possible, "it comes right after connecting through a proxy or published port, " +
				"each time"},
			{"accept-queue-full", Possible, "it comes right after connecting, under load"},
			{"tls-to-plain", Possible, "it comes at the first bytes, each time: is it the right port?"},
			{"flow-expired", Possible, "it comes after minutes of silence, through a NAT, firewall or load " +
				"balancer"},
			{"firewall-rejects", Possible, "it comes each time towards this peer, and the peer's own capture has " +
				"no such RST"},
			{"left-early", Possible, "this end is a server that is sending a response"},
			{"health-check", Possible, "this end is a server, and not a byte came before: regularly, from one " +
				"address"},
		},
		Settle: []string{
			"What does the other end's log say for the same second? Did it end, restart, time out or refuse?",
			"Was the connection new, or idle before? Does a fresh one work?",
			"Capture at both ends: a RST that arrives and was never sent comes from between. Compare TTL, IP id " +
				"and window.",
			"The request may or may not have been executed: retry only what may be done twice.",
		},
	},
	{
		Words:  []string{"EPIPE", "broken pipe", "errno 32", "os error 32", "WSAESHUTDOWN", "=32", "=10058"},
		Ending: "broken-pipe", Known: "measured on Linux 6.18; write(2)",
		Sure: "This end wrote although the connection could not send any more, and its kernel knew that before " +
			"the call: the peer had closed (a FIN) and a RST answered an earlier write, or the error of a RST " +
			"was taken already by a call before, or this end had shut its own sending side down. Only writes get " +
			"it. A pipe between programs whose reader is gone says the same without any network.",
		Points: []Pointer{
			{"wrote-after-close", Likely, "the peer had closed and this end went on writing"},
			{"left-early", Possible, "this end is a server that is sending a response"},
			{"idle-timeout", Possible, "the connection had been idle; a fresh one works"},
			{"unread", Possible, "the call before it failed with \"connection reset\""},
			{"own-shutdown", Possible, "this program half-closes the connection itself"},
		},
		Settle: []string{
			"Look for the call before it: its result says what really ended the connection.",
			"A FIN came first? Then the peer had closed. No FIN and no RST in a capture? Then this end called " +
				"shutdown.",
			"Is it a socket at all? A pipe to a program that ended (| head) gives the same.",
		},
	},
	{
		Words: []string{"ECONNREFUSED", "connection refused", "WSAECONNREFUSED", "errno 111", "os error 111",
			"errno 61", "os error 61", "actively refused", "=refused", "=111", "=61"},
		Ending: "refused", Known: "measured on Linux 6.18; connect(2)",
		Sure: "There never was a connection: a RST answered the SYN, or an ICMP message said that the port is " +
			"unreachable. Nothing was executed. Behind a proxy the same fault is a reset, because the handshake " +
			"with the proxy is done.",
		Points: []Pointer{
			{"refused", Likely, "nobody listens at that address and port (yet, any more, or on another address)"},
			{"firewall-rejects", Possible, "it works from the server's own machine"},
			{"banned", Possible, "it works from another client's address"},
			{"icmp-unreachable", Possible, "a capture shows ICMP in the place of a RST"},
		},
		Settle: []string{
			"On the server's machine: ss -ltn. Is the port there, and on this address or only on 127.0.0.1?",
			"Which address did the client try? A name may have several (localhost is ::1 as well).",
			"No RST in a capture? Then it was ICMP, from whoever sent that.",
		},
	},
	{
		Words: []string{"ETIMEDOUT", "connection timed out", "WSAETIMEDOUT", "errno 110", "os error 110",
			"errno 60", "os error 60", "operation timed out", "=timed-out", "=110", "=60"},
		Ending: "timed-out", Known: "measured on Linux 6.18; tcp(7)",
		Sure: "Somebody gave up waiting. If it is the kernel's ETIMEDOUT, a SYN, data or keepalive probes stayed " +
			"without an answer; many programs use the same words for a time-out of their own. No RST came; the " +
			"peer may still take the connection for open.",
		Points: []Pointer{
			{"firewall-drops", Possible, "it comes while connecting"},
			{"accept-queue-full", Possible, "it comes while connecting, under load, and not always"},
			{"address-gone", Possible, "it comes on an open connection, and the peer's address or route changed"},
			{"flow-expired", Possible, "it comes on a connection that had been idle"},
			{"keepalive-gave-up", Possible, "it comes on a connection on which nothing was said"},
			{"signature-missing", Possible, "the service wants signed segments (BGP)"},
		},
		Settle: []string{
			"Which clock was it: a time-out of the program, tcp_syn_retries, tcp_retries2, TCP_USER_TIMEOUT or " +
				"keepalive?",
			"Capture at the server: does the segment arrive there, and is it answered?",
		},
	},
	{
		Words: []string{"ECONNABORTED", "software caused connection abort", "WSAECONNABORTED", "errno 103",
			"os error 103", "errno 53", "os error 53", "=aborted", "=103", "=53"},
		Ending: "aborted", Known: "measured on Linux 6.18; accept(2); Winsock's documentation",
		Sure: "This machine ended the connection, by another hand than this program's. On Linux it is an " +
			"administrator or agent who destroyed the socket (ss -K); on Windows also its own stack after " +
			"failing to reach the peer. On the BSDs accept() gives it when a client has left the queue; Linux " +
			"does not.",
		Points: []Pointer{
			{"destroyed", Likely, "on Linux and Android"},
			{"address-gone", Possible, "on Windows: the network changed or the peer no longer acknowledges"},
			{"left-before-accept", Possible, "from accept() on macOS and the BSDs"},
		},
		Settle: []string{"Look for what acts on sockets of this machine (ss -K, a VPN, a security agent), or a " +
			"change of network then."},
	},
	{
		Words: []string{"EOF", "end of stream", "end of file", "unexpected EOF",
			"connection closed by foreign host", "connection closed by remote host", "closed by the remote host",
			"connection closed by peer", "=finished"},
		Ending: "finished", Known: "measured on Linux 6.18; RFC 9293, section 3.6",
		Sure: "The other end finished: its FIN came, and everything that it sent before has been read. No RST " +
			"was seen by this call. In the middle of a message it means that the other end gave up politely, or " +
			"that a proxy turned a reset into an end.",
		Points: []Pointer{
			{"idle-timeout", Possible, "the connection had been idle, as from a pool"},
			{"killed", Possible, "the peer's process ended then; with nothing unread that is a FIN"},
			{"proxy-hid-it", Possible, "there is a proxy or load balancer on the way"},
			{"truncated", Possible, "a reply had begun"},
		},
		Settle: []string{
			"Was the message complete? TCP cannot tell: a length, chunks or TLS close_notify must.",
			"What does the other end's log say for that second? And a proxy's between?",
		},
	},
	{
		Words: []string{"EHOSTUNREACH", "ENETUNREACH", "no route to host", "network is unreachable",
			"host is unreachable", "WSAEHOSTUNREACH", "WSAENETUNREACH", "errno 113", "os error 113", "errno 101",
			"os error 101", "=unreachable", "=113", "=101", "=10065", "=10051"},
		Ending: "unreachable", Known: "measured on Linux 6.18; RFC 1122, section 3.2.2.1",
		Sure: "The network said that there is no way: an ICMP message from a router, a firewall or the last hop, " +
			"or this machine's own routing table. No RST came.",
		Points: []Pointer{
			{"icmp-unreachable", Likely, "a router or firewall says so"},
			{"address-gone", Possible, "the peer's machine is down: nobody answers for its address"},
			{"firewall-drops", Possible, "the firewall's rule rejects with ICMP"},
		},
		Settle: []string{"ip route get ADDRESS shows this machine's own way; a capture of icmp shows who sent " +
			"the message."},
	},
	{
		Words: []string{"deadline exceeded", "context deadline exceeded", "context canceled", "i/o timeout",
			"read timed out", "=gave-up"},
		Ending: "gave-up", Known: "measured with Go 1.26",
		Sure: "This program's own deadline or cancellation ended the call. Nothing came from the network that " +
			"says why; the connection may be well, and the request may have been executed.",
		Points: []Pointer{
			{"busy", Possible, "the other end is slow"},
			{"firewall-drops", Possible, "it comes while connecting"},
			{"flow-expired", Possible, "it comes on a connection that had been idle: its peer or a NAT may be " +
				"gone"},
			{"accept-queue-full", Possible, "it comes while connecting or at the first reply, under load"},
		},
		Settle: []string{
			"Is the deadline shorter than the answer takes? Compare it with the other end's log.",
			"Silence may be a half-open connection, whose peer is gone: only sending or keepalive finds out.",
		},
	},
	{
		Words: []string{"use of closed network connection", "socket is closed", "EBADF",
			"bad file descriptor", "=closed"},
		Ending: "closed", Known: "measured with Go 1.26",
		Sure: "This program closed the connection itself, and something of it went on using it. The peer has no " +
			"part in it.",
		Points: []Pointer{{"own-close", Likely, "always"}},
		Settle: []string{"Look for the close in this program, and for the goroutine or thread that still used " +
			"the connection."},
	},
}
