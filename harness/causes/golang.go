package causes

// golang are the words of Go's standard library and of what is built on it.
var golang = []Phrase{
	{
		Words: []string{"read: connection reset by peer", "read tcp … read: connection reset by peer"},
		Of:    "Go", Ending: "reset", Known: "measured: Go 1.26, Linux 6.18",
		Sure: "A RST ended the connection, and a read took the error (ECONNRESET; errors.Is with " +
			"syscall.ECONNRESET). The next read would say EOF. The two addresses are this end's and the peer's, " +
			"in that order.",
	},
	{
		Words: []string{"write: connection reset by peer", "write tcp … write: connection reset by peer"},
		Of:    "Go", Ending: "reset", Known: "measured: Go 1.26, Linux 6.18",
		Sure: "A RST ended the connection, and a write was the first call to take the error. The next write " +
			"would say \"broken pipe\". What this write and those before it gave may be lost.",
	},
	{
		Words: []string{"write: broken pipe", "write tcp … write: broken pipe"},
		Of:    "Go", Ending: "broken-pipe", Known: "measured: Go 1.26, Linux 6.18",
		Sure: "A write on a connection that could not send any more: the peer had closed and answered an earlier " +
			"write with RST, or a call before this one took the ECONNRESET, or this program called CloseWrite.",
	},
	{
		Words: []string{"dial tcp … connection reset by peer", "connect: connection reset by peer"},
		Of:    "Go", Ending: "reset", Known: "measured: Go 1.26, Linux 6.18",
		Sure: "The handshake was completed, and a RST was there before connect had returned. It is no refusal, " +
			"to which the kernel says \"connection refused\".",
		Points: []Pointer{
			{"upstream-refuses", Likely, "a proxy, load balancer or published port accepts for a backend that is " +
				"not there"},
			{"linger-zero", Possible, "the server accepts and aborts at once"},
			{"accept-queue-full", Possible, "it comes under load, and the server's tcp_abort_on_overflow is 1"},
			{"listener-closed", Possible, "the server stopped or restarted then"},
		},
	},
	{
		Words: []string{"dial tcp … connection refused", "connect: connection refused"},
		Of:    "Go", Ending: "refused", Known: "measured: Go 1.26, Linux 6.18",
		Sure: "There was no connection: the SYN was answered with RST, or with ICMP port unreachable. Nothing " +
			"was executed.",
	},
	{
		Words: []string{"dial tcp … i/o timeout", "net/http: TLS handshake timeout",
			"dial tcp … connection timed out"},
		Of: "Go", Ending: "timed-out", Known: "Go 1.26: net, net/http",
		Sure: "The connection was not ready in the time that the program allows (\"i/o timeout\", \"handshake " +
			"timeout\") or that the kernel tries (\"connection timed out\"). Nothing was executed.",
	},
	{
		Words: []string{"http: server closed idle connection", "transport connection broken",
			"http2: client connection lost", "http2: server sent GOAWAY and closed the connection"},
		Of: "Go net/http", Ending: "finished", Known: "Go 1.26: net/http",
		Sure: "A kept-alive connection ended under a request. net/http repeats a GET by itself; it reports this " +
			"one because the request may have been executed, or its body cannot be sent again.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"malformed HTTP response", "http: server gave HTTP response to HTTPS client",
			"tls: first record does not look like a TLS handshake"},
		Of: "Go", Known: "Go 1.26: net/http, crypto/tls",
		Sure: "One end speaks TLS and the other does not. The connection itself worked.",
		Points: []Pointer{
			{"tls-to-plain", Likely, "the client speaks TLS: \"HTTP response to HTTPS client\", \"first record\""},
			{"plain-to-tls", Likely, "the client does not: \"malformed HTTP response\" with \\x15\\x03"},
		},
		Settle: []string{"Compare the URL's scheme and port with what listens there."},
	},
	{
		Words: []string{"rpc error: code = Unavailable", "error reading from server: EOF", "transport is closing",
			"code = Unavailable desc = error reading from server"},
		Wraps: true,
		Of:    "gRPC", Known: "google.golang.org/grpc: internal/transport",
		Sure: "The connection under the call ended or could not be made. The words behind \"desc =\" say how: " +
			"\"EOF\" is a FIN, \"connection reset by peer\" a RST, \"connection refused\" nobody there. The call " +
			"may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"StatusCode.UNAVAILABLE … Socket closed", "details = \"Socket closed\"", "UNAVAILABLE: Socket closed"},
		Of:    "gRPC (Python, C++, Ruby, PHP)", Ending: "finished", Known: "gRPC core: iomgr/tcp_posix.cc",
		Sure: "The peer's FIN ended the connection under the call: a read got 0 bytes. A RST would be \"Connection reset " +
			"by peer\". The call may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"socket closed"},
		Of:    "several programs, of different things", Known: "JDK: java.net.Socket; gRPC core: iomgr/tcp_posix.cc; Erlang/OTP: inet",
		Sure: "The connection is closed. By whom, these words do not tell: Java says so when this program has closed it, " +
			"gRPC, Erlang and others when the peer has.",
		Points: []Pointer{
			{"own-close", Possible, "this program closed it, in another thread or before"},
			{"idle-timeout", Possible, "the connection was used before and had been idle; a fresh one works"},
			{"restarted", Possible, "the server was restarted, deployed anew or failed over about then"},
			{"killed", Possible, "the server's process died then"},
		},
		Settle: settleReply,
	},
	{
		Words: []string{"Client.Timeout exceeded while awaiting headers", "Client.Timeout or context cancellation while reading body",
			"net/http: request canceled"},
		Of: "Go net/http", Ending: "gave-up", Known: "Go 1.26: net/http",
		Sure: "The client's own time-out ended the request (http.Client.Timeout). Nothing came from the network that " +
			"says why. The server may go on with the request and complete it.",
	},
	{
		Words: []string{"stream error: stream ID", "stream terminated by RST_STREAM"},
		Of:    "HTTP/2 in Go, gRPC", Known: "RFC 9113, section 7; golang.org/x/net/http2",
		Sure: "One stream of HTTP/2 was ended by a frame (RST_STREAM), which is no RST of TCP: the connection may be " +
			"well. The word behind it says why: REFUSED_STREAM was not executed, INTERNAL_ERROR may have been, CANCEL is " +
			"the other side's wish.",
		Points: []Pointer{
			{"killed", Possible, "INTERNAL_ERROR: the handler failed: see the server's log"},
			{"left-early", Possible, "CANCEL: the other end gave up, as by its time-out"},
			{"restarted", Possible, "REFUSED_STREAM or a GOAWAY beside it: the server is being replaced"},
		},
		Settle: []string{"GODEBUG=http2debug=2 shows the frames; a GOAWAY before it tells of the server's end."},
	},
	{
		Words: []string{"lost connection to pod", "error upgrading connection", "Unable to connect to the server: EOF"},
		Of:    "kubectl", Known: "kubectl: port-forward, client-go",
		Sure: "kubectl's connection to the API server, or the tunnel through it, ended. A port-forward ends with its " +
			"pod and after the API server's or a load balancer's idle time-out.",
		Points: []Pointer{
			{"restarted", Possible, "the pod was replaced"},
			{"idle-timeout", Possible, "nothing was sent for some minutes (streaming-connection-idle-timeout)"},
			{"upstream-refuses", Possible, "at the first connection: nobody listens at that port in the pod"},
		},
		Settle: []string{"kubectl -v=9 shows the requests; kubectl get pod shows restarts."},
	},
	{
		Words: []string{"driver: bad connection", "invalid connection", "unexpected read from socket",
			"conn closed", "failed to deallocate cached statement"},
		Of: "Go database drivers", Known: "database/sql; go-sql-driver/mysql; jackc/pgx",
		Sure: "The database's connection from the pool was dead when it was used. database/sql tries again by " +
			"itself only if the driver is certain that nothing was sent.",
		Points: []Pointer{
			{"idle-timeout", Likely, "the server's idle time-out (MySQL wait_timeout) is shorter than " +
				"SetConnMaxIdleTime"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
			{"restarted", Possible, "the database was restarted or failed over"},
		},
		Settle: []string{"Set SetConnMaxIdleTime and SetConnMaxLifetime below the shortest time-out on the way: " +
			"does it stop?"},
	},
	{
		Words: []string{"remote error: tls: bad certificate", "remote error: tls: certificate required",
			"remote error: tls: unknown certificate authority", "tls: failed to verify certificate"},
		Of: "Go crypto/tls", Known: "Go 1.26: crypto/tls",
		Sure: "The handshake ended over a certificate. \"remote error\" is the other end's alert: it does not " +
			"accept ours, or misses it. Otherwise it is this end that does not accept the other's.",
		Points: []Pointer{
			{"client-certificate-missing", Likely, "\"certificate required\", or \"bad certificate\" at a client " +
				"that sends one"},
			{"bad-certificate", Likely, "\"failed to verify\", \"unknown certificate authority\""},
		},
		Settle: []string{"openssl s_client -connect HOST:PORT -servername HOST shows what the server sends and " +
			"wants."},
	},
}
