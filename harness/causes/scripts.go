package causes

import "slices"

// scripts are the words of Python, Ruby, PHP, Elixir and Dart, and of their
// packages.
var scripts = []Phrase{
	{
		Words: []string{"ConnectionResetError", "ConnectionResetError: [Errno 104] Connection reset by peer"},
		Of:    "Python", Ending: "reset", Known: "measured: Python 3.11.7, Linux 6.18",
		Sure: "A RST ended the connection, and this call took the error. The next recv() would return b'', which " +
			"looks like a clean end, and the next send() raise BrokenPipeError.",
	},
	{
		Words: []string{"BrokenPipeError", "BrokenPipeError: [Errno 32] Broken pipe"},
		Of:    "Python", Ending: "broken-pipe", Known: "measured: Python 3.11.7, Linux 6.18",
		Sure: "A write on a connection that could not send any more: the peer had closed or reset it before. " +
			"Writing to standard output, it is the program behind | that has ended.",
	},
	{
		Words: []string{"ConnectionRefusedError", "NewConnectionError … Connection refused"},
		Of:    "Python", Ending: "refused", Known: "Python 3.11",
		Sure: "There was no connection: nobody listens there, or a firewall says so. Nothing was executed.",
	},
	{
		Words: []string{"Connection aborted"},
		Of:    "urllib3, requests", Known: "urllib3: connectionpool; measured with Python 3.11's http.client",
		Sure: "The connection ended before a reply came. The words themselves tell no more: the exception that " +
			"is named behind them does. RemoteDisconnected is a FIN, ConnectionResetError a RST, BrokenPipeError " +
			"a server that closed while the request was being sent. It is not the system's ECONNABORTED.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Connection aborted … RemoteDisconnected",
			"Remote end closed connection without response", "RemoteDisconnected"},
		Of: "Python (http.client, urllib3, requests)", Ending: "finished", Known: "measured: Python 3.11.7, urllib",
		Sure: "The server's FIN came in the place of a reply: not one byte of it was read. It is no RST. The " +
			"request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Connection aborted … ConnectionResetError",
			"Connection aborted … ConnectionResetError(104, 'Connection reset by peer')",
			"Connection aborted … Connection reset by peer"},
		Of: "urllib3, requests", Ending: "reset",
		Known: "urllib3: connectionpool; measured with Python 3.11's http.client",
		Sure: "A RST ended the connection before a reply came. requests does not try again by itself; the " +
			"request may have been executed.",
		Points: clientReset,
	},
	{
		Words: []string{"Connection aborted … BrokenPipeError", "Connection aborted … Broken pipe"},
		Of:    "urllib3, requests", Ending: "broken-pipe", Known: "urllib3: connectionpool",
		Sure: "The server had closed or reset the connection while the request was still being sent. A reply " +
			"that says why may have been there to read.",
		Points: []Pointer{
			{"refused-upload", Likely, "a large body is being sent"},
			{"idle-timeout", Possible, "the connection was used before and had been idle"},
			{"tls-to-plain", Possible, "it fails each time: is it the right port and scheme?"},
		},
	},
	{
		Words: []string{"ServerDisconnectedError", "Server disconnected",
			"Server disconnected without sending a response"},
		Of: "Python (aiohttp, httpx)", Ending: "finished",
		Known: "aiohttp: client_exceptions; httpcore: RemoteProtocolError",
		Sure: "The connection ended without a reply. httpx says so of a FIN; aiohttp's words do not tell a FIN " +
			"from a RST. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"IncompleteRead", "ChunkedEncodingError", "InvalidChunkLength",
			"Response payload is not completed", "peer closed connection without sending complete message body"},
		Of: "Python HTTP clients", Ending: "finished", Known: "http.client, urllib3, aiohttp, httpcore",
		Sure: "The reply had begun, and the connection ended before its length or last chunk. The request was " +
			"executed, at least in part.",
		Points: cutReply, Settle: settleReply,
	},
	{
		Words: []string{"EOF occurred in violation of protocol", "SSLEOFError", "UNEXPECTED_EOF_WHILE_READING",
			"unexpected eof while reading"},
		Of: "OpenSSL 3, Python ssl, Ruby, PHP", Ending: "finished",
		Known: "OpenSSL 3: SSL_R_UNEXPECTED_EOF_WHILE_READING",
		Sure: "The other end's FIN came without TLS' own goodbye (close_notify). It is no RST. During the " +
			"handshake it means that there is no session; behind a complete reply it mostly harms nobody.",
		Points: append(slices.Clone(handshake),
			Pointer{"idle-timeout", Possible, "it comes on a connection that was used before"},
			Pointer{"truncated", Possible, "a reply had begun"}),
		Settle: settleHandshake,
	},
	{
		Words: []string{"Max retries exceeded with url"}, Wraps: true,
		Of: "urllib3, requests", Known: "urllib3: MaxRetryError",
		Sure:   "The client gave up. Why the last try failed is named behind \"Caused by\"; explain that.",
		Points: []Pointer{{"refused", Possible, "\"Caused by NewConnectionError\""}},
		Settle: []string{"Look behind \"Caused by\"."},
	},
	{
		Words: []string{"Errno::ECONNRESET", "Connection reset by peer - SSL_connect",
			"Connection reset by peer @ io_fillbuf"},
		Of: "Ruby", Ending: "reset", Known: "Ruby: Errno; net/protocol",
		Sure: "A RST ended the connection, and this call took the error. Net::HTTP repeats idempotent requests " +
			"once by itself (max_retries), so that it has mostly happened twice.",
		Points: clientReset,
	},
	{
		Words: []string{"EOFError (end of file reached)", "end of file reached"},
		Of:    "Ruby", Ending: "finished", Known: "Ruby: net/protocol",
		Sure:   "The server's FIN came where a reply or its rest was expected. It is no RST.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"failed with errno=104 Connection reset by peer", "Send of … failed with errno=104"},
		Of:    "PHP", Ending: "reset", Known: "measured: PHP 8.2.36, Linux 6.18",
		Sure: "A RST ended the connection, and fwrite() took the error. It is a notice: a script that does not " +
			"look at what fwrite() returns goes on. fread() says nothing at all of a reset: it returns false " +
			"once, and then feof() holds.",
		Points: clientReset,
	},
	{
		Words: []string{"failed with errno=32 Broken pipe", "Send of … failed with errno=32"},
		Of:    "PHP", Ending: "broken-pipe", Known: "measured: PHP 8.2.36, Linux 6.18",
		Sure: "fwrite() on a connection that the peer had closed or reset before. It is a notice: a script that " +
			"does not look at what fwrite() returns goes on.",
	},
	{
		Words: []string{"MySQL server has gone away", "Server has gone away", "ERROR 2006"},
		Of:    "MySQL and MariaDB clients, PDO", Known: "measured: MariaDB 10.11.19; MySQL's manual, \"MySQL server has gone away\"",
		Sure: "The connection to the database was dead before the statement was sent (2006): it was not " +
			"executed, unless it was too large and refused while it was sent.",
		Points: []Pointer{
			{"idle-timeout", Likely, "it was idle for wait_timeout, or for a pool's or proxy's time-out"},
			{"linger-zero", Possible, "likewise with MariaDB, which aborts what was idle (measured)"},
			{"refused-upload", Possible, "a statement larger than max_allowed_packet"},
			{"restarted", Possible, "the server was restarted, or crashed, since the last statement"},
			{"killed", Possible, "KILL, or a process that was forked shares the connection"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
		},
		Settle: []string{"The server's log says \"Aborted connection … (Got timeout reading communication " +
			"packets)\" with log_warnings=2."},
	},
	{
		Words: []string{"Lost connection to MySQL server during query", "Lost connection to server during query",
			"ERROR 2013"},
		Of: "MySQL and MariaDB clients", Known: "measured: MariaDB 10.11.19; MySQL's manual, \"Lost connection to MySQL server\"",
		Sure: "The connection to the database ended while a statement ran (2013), which may have been executed.",
		Points: []Pointer{
			{"killed", Possible, "KILL, a crash or the memory killer: the server's log tells, and its uptime"},
			{"restarted", Possible, "the server was restarted or failed over then"},
			{"flow-expired", Possible, "a long statement, which is silent, and a NAT, firewall or load balancer between"},
			{"idle-timeout", Possible, "a proxy's time-out, or the server's net_read_timeout and net_write_timeout in a large transfer"},
			{"refused-upload", Possible, "a value larger than max_allowed_packet"},
		},
		Settle: []string{"SHOW GLOBAL STATUS LIKE 'Uptime' and the server's log for that second; did it always take " +
			"the same time? Then it is a time-out."},
	},
	{
		Words: []string{"ConnectionClosedError: Connection was closed before we received a valid response",
			"Connection was closed before we received a valid response from endpoint URL"},
		Of: "Python (botocore, boto3)", Ending: "finished", Known: "botocore: exceptions.ConnectionClosedError",
		Sure: "The connection ended in the place of a reply. botocore repeats by its retry mode; the request may " +
			"have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Server closed connection without sending any data back", "500 read failed"},
		Of:    "Perl (LWP)", Known: "LWP: Net::HTTP, LWP::Protocol::http",
		Sure: "The status 500 is LWP's own and never came from the server: the connection ended in the place of a " +
			"reply, \"without sending any data\" by a FIN, \"read failed: Connection reset by peer\" by a RST.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Mint.TransportError … socket closed", "Req.TransportError … socket closed",
			"TransportError{reason: :closed}", "HTTPoison.Error) :closed", "HTTPoison.Error{id: nil, reason: :closed}",
			"={error,closed}", "={:error, :closed}"},
		Of: "Elixir and Erlang (Mint, Req, Finch, HTTPoison)", Known: "Erlang/OTP: inet:setopts/2, show_econnreset; mint: transport_error.ex",
		Sure: "The connection ended in the place of a reply. Erlang says \"closed\" of a FIN and of a RST alike, unless the " +
			"option show_econnreset is set. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"SocketException: Connection reset by peer (OS Error: Connection reset by peer",
			"SocketException: … (OS Error: Connection reset by peer"},
		Of: "Dart and Flutter", Ending: "reset", Known: "Dart: dart:io, SocketException, OSError",
		Sure: "A RST ended the connection, and a read or a write took the error. The errno behind it is the system's: 104 on " +
			"Android and Linux, 54 on iOS and macOS. The port that is printed is the one that the exception knows, and often " +
			"this end's.",
	},
	{
		Words: []string{"HttpException: Connection closed before full header was received",
			"Connection closed before full header was received"},
		Of: "Dart and Flutter", Ending: "finished", Known: "Dart: dart:io, HttpException (http_parser.dart)",
		Sure: "The connection ended before the reply's head was complete. It is no RST, which would be a SocketException. " +
			"The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
}
