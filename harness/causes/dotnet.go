package causes

// dotnet are the words of Windows and .NET.
var dotnet = []Phrase{
	{
		Words: []string{"An existing connection was forcibly closed by the remote host",
			"SocketException (10054)", "WinError 10054", "error 10054", "errno 10054", "code 10054", "0x80072746",
			"=10054", "SocketError ConnectionReset"},
		Of: "Windows, .NET", Ending: "reset", Known: "Winsock's documentation: WSAECONNRESET",
		Sure: "A RST ended the connection (WSAECONNRESET, 10054). \"By the remote host\" is the wording and no " +
			"proof: a device between may have sent it. On a UDP socket it means that an earlier datagram found " +
			"nobody (ICMP).",
		Points: []Pointer{
			{"idle-timeout", Possible, "the connection had been idle, as from a pool; a fresh one works"},
			{"restarted", Possible, "the peer was restarted, recycled (IIS) or failed over then"},
			{"tls-to-plain", Possible, "at the first bytes, each time: the server speaks no TLS, or not this " +
				"version of it"},
			{"killed", Possible, "the peer's process died then"},
			{"unread", Possible, "at or before the reply, each time for the same request"},
			{"refused-upload", Possible, "while a large body is being sent"},
			{"flow-expired", Possible, "after minutes of silence (Azure's load balancer: 4)"},
			{"firewall-rejects", Possible, "each time towards this peer, and the peer's own capture has no such " +
				"RST"},
			{"datagram-refused", Possible, "the socket is a UDP socket"},
			{"left-early", Possible, "this end is a server that is sending a response"},
		},
	},
	{
		Words: []string{"SocketException (104)", "SocketException (104): Connection reset by peer"},
		Of:    ".NET on Linux", Ending: "reset", Known: ".NET: System.Net.Sockets",
		Sure: "A RST ended the connection (ECONNRESET).",
	},
	{
		Words: []string{"An established connection was aborted by the software in your host machine",
			"SocketException (10053)", "WinError 10053", "error 10053", "errno 10053", "=10053"},
		Of: "Windows, .NET", Ending: "aborted", Known: "Winsock's documentation: WSAECONNABORTED",
		Sure: "This machine's own system ended the connection (WSAECONNABORTED, 10053): mostly because nothing " +
			"acknowledged what it had sent, or because this end wrote after the peer's close. A virus scanner or " +
			"VPN may have done it.",
		Points: []Pointer{
			{"wrote-after-close", Possible, "the peer had closed and this end went on writing"},
			{"address-gone", Possible, "the network changed, or the machine slept"},
			{"destroyed", Possible, "a virus scanner, VPN or firewall of this machine"},
		},
	},
	{
		Words: []string{"No connection could be made because the target machine actively refused it",
			"SocketException (10061)", "WinError 10061", "error 10061", "errno 10061", "=10061"},
		Of: "Windows, .NET", Ending: "refused", Known: "Winsock's documentation: WSAECONNREFUSED",
		Sure: "There was no connection: a RST answered the SYN (WSAECONNREFUSED, 10061). Windows tries a few " +
			"times before it says so, which takes about 2 seconds.",
	},
	{
		Words: []string{"connected party did not properly respond after a period of time",
			"SocketException (10060)", "WinError 10060", "error 10060", "errno 10060", "=10060"},
		Of: "Windows, .NET", Ending: "timed-out", Known: "Winsock's documentation: WSAETIMEDOUT",
		Sure: "Nothing answered (WSAETIMEDOUT, 10060), while connecting or on an open connection.",
	},
	{
		Words: []string{"Unable to read data from the transport connection",
			"Unable to write data to the transport connection"},
		Wraps: true,
		Of:    ".NET", Known: ".NET: System.Net.Sockets.NetworkStream",
		Sure: "A read or write of a NetworkStream failed. Why is said behind it: \"forcibly closed\" is a RST, " +
			"\"aborted by the software\" this machine's own doing, \"timed out\" or \"operation canceled\" a " +
			"time-out.",
		Points: noReply, Settle: []string{"Look at the inner exception, and explain that."},
	},
	{
		Words: []string{"Unable to read data from the transport connection: Connection reset by peer",
			"Unable to write data to the transport connection: Connection reset by peer"},
		Of: ".NET and Mono on Linux", Ending: "reset", Known: "measured: Mono 6.8.0, Linux 6.18",
		Sure: "A RST ended the connection (ECONNRESET), and this call took the error. The next read would be the end of the " +
			"stream, which looks clean.",
		Points: clientReset,
	},
	{
		Words: []string{"The socket has been shut down"},
		Of:    "Mono", Ending: "broken-pipe", Known: "measured: Mono 6.8.0, Linux 6.18 (WSAESHUTDOWN in the place of EPIPE)",
		Sure: "A write on a connection that could not send any more: the peer had closed or reset it before. It is EPIPE in " +
			"the words of Windows, and this program need not have shut anything down.",
	},
	{
		Words: []string{"The response ended prematurely", "ResponseEnded", "HttpIOException",
			"A connection that was expected to be kept alive was closed by the server",
			"An unexpected error occurred on a receive", "An unexpected error occurred on a send"},
		Of: ".NET HTTP clients", Ending: "finished", Known: ".NET: SocketsHttpHandler, HttpWebRequest",
		Sure: "The connection ended before the reply was complete, mostly by a FIN on a connection that was kept " +
			"alive; the inner exception, if any, tells a RST. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Received an unexpected EOF or 0 bytes from the transport stream",
			"The SSL connection could not be established",
			"The handshake failed due to an unexpected packet format"},
		Of: ".NET TLS", Known: ".NET: System.Net.Security.SslStream",
		Sure: "TLS was not agreed on. \"unexpected EOF or 0 bytes\" is a FIN within the handshake, \"unexpected " +
			"packet format\" a server that does not speak TLS; for \"could not be established\" see the inner " +
			"exception. Nothing was executed.",
		Points: handshake, Settle: settleHandshake,
	},
}

// rust are the words of Rust's standard library and of hyper.
var rust = []Phrase{
	{
		Words: []string{"Connection reset by peer (os error 104)", "kind: ConnectionReset",
			"connection reset (os error 10054)"},
		Of: "Rust", Ending: "reset", Known: "measured: rustc 1.63, Linux 6.18; std::io::ErrorKind",
		Sure: "A RST ended the connection, and this call took the error (ECONNRESET).",
	},
	{
		Words: []string{"Broken pipe (os error 32)", "kind: BrokenPipe"},
		Of:    "Rust", Ending: "broken-pipe", Known: "measured: rustc 1.63, Linux 6.18; std::io::ErrorKind",
		Sure: "A write on a connection, or on a pipe such as standard output, whose other end was closed before.",
	},
	{
		Words: []string{"connection closed before message completed", "IncompleteMessage"},
		Of:    "Rust (hyper, reqwest)", Ending: "finished", Known: "hyper: Error, is_incomplete_message",
		Sure: "The connection ended before the reply was complete, or before it had begun. It is no RST, which " +
			"would be named behind it. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"error sending request for url"}, Wraps: true,
		Of: "Rust (reqwest)", Known: "reqwest: error",
		Sure: "The request could not be sent or got no reply. Why is in the error's source, which {:?} or a loop " +
			"over source() prints.",
		Points: noReply, Settle: []string{"Print the chain of sources, and explain the last."},
	},
}
