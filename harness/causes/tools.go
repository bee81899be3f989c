package causes

import "slices"

// tools are the words of programs that are typed: curl, wget, ssh, git, nc.
var tools = []Phrase{
	{
		Words: []string{"curl: (56)", "Recv failure: Connection reset by peer",
			"Recv failure: Connection was reset", "cURL error 56"},
		Of: "curl", Ending: "reset", Known: "measured: curl 7.88.1",
		Sure: "curl had connected, and a read failed. With \"Connection reset by peer\" (on Windows \"was reset\") it was a RST: before the " +
			"reply, or within it if something was printed. curl does not try that again unless told to " +
			"(--retry-all-errors).",
		Points: clientReset,
	},
	{
		Words: []string{"curl: (52)", "Empty reply from server", "cURL error 52"},
		Of:    "curl", Ending: "finished", Known: "measured: curl 7.88.1",
		Sure:   "The server's FIN came in the place of a reply. It is no RST. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"curl: (55)", "Send failure: Broken pipe", "Send failure: Connection reset by peer",
			"cURL error 55"},
		Of: "curl", Ending: "broken-pipe", Known: "libcurl: CURLE_SEND_ERROR",
		Sure: "The server closed or reset the connection while curl was still sending. A reply that says why may " +
			"have been there to read.",
		Points: []Pointer{
			{"refused-upload", Likely, "a body is being sent (-d, -T, -F)"},
			{"idle-timeout", Possible, "the connection was reused"},
			{"plain-to-tls", Possible, "http:// to a port for TLS"},
		},
	},
	{
		Words: []string{"curl: (35)", "SSL_connect: SSL_ERROR_SYSCALL in connection to",
			"SSL_connect: Connection reset by peer", "curl: (35) Recv failure: Connection reset by peer",
			"curl: (35) Recv failure: Connection was reset",
			"cURL error 35"},
		Of: "curl", Known: "libcurl: CURLE_SSL_CONNECT_ERROR; measured: curl 7.88.1",
		Sure: "TCP had connected, and the TLS handshake did not come to its end. \"Connection reset by peer\" " +
			"says it was a RST, \"unexpected eof\" a FIN, \"wrong version number\" that the server does not " +
			"speak TLS; SSL_ERROR_SYSCALL alone does not tell.",
		Points: handshake, Settle: settleHandshake,
	},
	{
		Words: []string{"SSL_ERROR_SYSCALL", "SSL_read: SSL_ERROR_SYSCALL", "SSL_write: SSL_ERROR_SYSCALL"},
		Of:    "OpenSSL", Known: "SSL_get_error(3)",
		Sure: "A call below TLS failed, and TLS has no part in it. The errno behind it tells: 104 (54 on macOS) " +
			"is a RST, 32 a broken pipe, 0 a FIN without TLS' goodbye. Where none is printed the words do not " +
			"tell.",
		Points: append(slices.Clone(handshake),
			Pointer{"idle-timeout", Possible, "it comes at a read or write on a connection that was used before"}),
		Settle: []string{
			"At SSL_connect it is the handshake; at SSL_read or SSL_write the session existed.",
			"openssl s_client -connect HOST:PORT shows how far the handshake comes; a capture shows FIN or RST.",
		},
	},
	{
		Words: []string{"wrong version number", "SSL23_GET_SERVER_HELLO:unknown protocol",
			"packet length too long"},
		Of: "OpenSSL", Known: "measured: curl 7.88.1 at vsftpd; OpenSSL",
		Sure:   "What came from the other end is not TLS. The connection itself worked.",
		Points: []Pointer{{"tls-to-plain", Likely, "the port speaks plain text, or wants STARTTLS first"}},
		Settle: []string{"Try the same port without TLS, or with STARTTLS."},
	},
	{
		Words: []string{"Connection died, retrying a fresh connect"},
		Of:    "curl", Known: "measured: curl 7.88.1",
		Sure: "A connection that curl had used before ended (FIN or RST) before a byte of the reply came. curl asks once " +
			"more on a new one, a POST too, and says so with -v alone. Whether the first request was executed the words " +
			"do not tell.",
		Points: []Pointer{{"idle-timeout", Likely, "the server's time-out for idle connections ended it as the request came"}},
		Settle: settleReply,
	},
	{
		Words: []string{"curl: (7)", "Couldn't connect to server", "cURL error 7"}, Wraps: true,
		Of: "curl", Known: "libcurl: CURLE_COULDNT_CONNECT",
		Sure: "There was no connection. Why is said before: refused, no route, or a time-out. Nothing was " +
			"executed.",
		Points: []Pointer{{"refused", Likely, "\"Connection " +
			"refused\""}, {"firewall-drops", Possible, "it takes long"}},
		Settle: []string{"curl -v says it for each address of the name."},
	},
	{
		Words: []string{"421 Timeout", "421 Idle timeout"},
		Of:    "FTP servers (vsftpd)", Ending: "finished", Known: "measured: vsftpd 3.0.3; RFC 959",
		Sure: "The server ended a session that was idle for its time-out (idle_session_timeout), and finished. lftp logs " +
			"in once more and says nothing of it.",
		Points: []Pointer{{"idle-timeout", Likely, "always"}},
	},
	{
		Words: []string{"curl: (18)", "transfer closed with … remaining to read",
			"transfer closed with outstanding read data remaining", "cURL error 18"},
		Of: "curl", Ending: "finished", Known: "measured: curl 7.88.1",
		Sure: "The reply had begun, and the connection ended with a FIN before its length or last chunk. A RST " +
			"would be (56).",
		Points: cutReply, Settle: settleReply,
	},
	{
		Words: []string{"curl: (28)", "cURL error 28"},
		Of:    "curl", Ending: "gave-up", Known: "libcurl: CURLE_OPERATION_TIMEDOUT",
		Sure: "curl's own time-out ended it (--connect-timeout, --max-time), or the kernel gave up connecting.",
	},
	{
		Words: []string{"curl: (92)", "HTTP/2 stream … was not closed cleanly", "cURL error 92"},
		Of:    "curl", Known: "libcurl: CURLE_HTTP2_STREAM",
		Sure: "One stream of HTTP/2 was ended by the server (RST_STREAM), which is a frame and no RST of TCP: " +
			"the connection may be well.",
		Points: []Pointer{{"truncated", Likely, "the server or a proxy behind it gave the reply up"}},
		Settle: []string{"The name in brackets is the server's reason (INTERNAL_ERROR, CANCEL); its log has more."},
	},
	{
		Words: []string{"Read error (Connection reset by peer) in headers",
			"Read error at byte … Connection reset by peer"},
		Of: "wget", Ending: "reset", Known: "wget: http.c, retr.c",
		Sure:   "A RST ended the connection before or within the reply. wget tries again by itself, up to --tries.",
		Points: clientReset,
	},
	{
		Words: []string{"kex_exchange_identification: read: Connection reset by peer",
			"ssh_exchange_identification: read: Connection reset by peer",
			"exchange_identification: read: Connection reset"},
		Of: "OpenSSH's ssh", Ending: "reset", Known: "measured: OpenSSH 9.2p1 and 10.0p1",
		Sure: "TCP had connected, and a RST ended the connection before the server's banner was read: before any " +
			"key or password. (ssh_… is the wording before OpenSSH 8.)",
		Points: []Pointer{
			{"max-startups", Likely, "it comes now and then, or while others log in or scan"},
			{"hosts-deny", Possible, "it comes each time from this host, and the server has TCP wrappers"},
			{"banned", Possible, "it began after failed logins, and works from another address"},
			{"upstream-refuses", Possible, "the port is forwarded or published, and no sshd is behind it"},
			{"firewall-rejects", Possible, "it comes each time on this network and not on another"},
			{"restarted", Possible, "the machine is just booting or its sshd restarting"},
			{"process-limit", Possible, "the server cannot fork for another connection"},
		},
		Settle: []string{
			"On the server: journalctl -u ssh, for \"MaxStartups\", \"penalty\", \"refused connect\" or " +
				"\"Connection reset by\" at that time.",
			"nc SERVER 22 shows a banner, a line that says why, or nothing.",
		},
	},
	{
		Words: []string{"kex_exchange_identification: Connection closed by remote host",
			"ssh_exchange_identification: Connection closed by remote host", "kex_exchange_identification"},
		Of: "OpenSSH's ssh", Ending: "finished", Known: "measured: OpenSSH 9.2p1 and 10.0p1",
		Sure: "TCP had connected, and the server finished (FIN) before its banner was complete: before any key " +
			"or password. It is the other face of \"read: Connection reset by peer\": which of the two comes is " +
			"a matter of time.",
		Points: []Pointer{
			{"max-startups", Likely, "it comes now and then, or while others log in or scan"},
			{"hosts-deny", Possible, "it comes each time from this host, and the server has TCP wrappers"},
			{"upstream-refuses", Possible, "the port is forwarded or published, and no sshd is behind it"},
			{"process-limit", Possible, "the server cannot fork for another connection"},
			{"restarted", Possible, "the machine is just booting or its sshd restarting"},
		},
		Settle: []string{
			"On the server: journalctl -u ssh, for \"MaxStartups\", \"penalty\", \"refused connect\" or " +
				"\"Connection reset by\" at that time.",
			"nc SERVER 22 shows a banner, a line that says why, or nothing.",
		},
	},
	{
		Words: []string{"ssh_exchange_identification"},
		Of:    "OpenSSH's ssh before version 8", Known: "OpenSSH: sshconnect.c",
		Sure: "TCP had connected, and the connection ended before the server's banner was read. What is written " +
			"behind the colon tells a RST (\"read: Connection reset by peer\") from a FIN (\"Connection closed " +
			"by remote host\").",
		Points: []Pointer{
			{"max-startups", Likely, "it comes now and then, or while others log in or scan"},
			{"hosts-deny", Possible, "it comes each time from this host, and the server has TCP wrappers"},
			{"banned", Possible, "it began after failed logins, and works from another address"},
			{"upstream-refuses", Possible, "the port is forwarded or published, and no sshd is behind it"},
		},
		Settle: []string{"On the server: journalctl -u ssh at that time. nc SERVER 22 shows a banner, a line " +
			"that says why, or nothing."},
	},
	{
		Words: []string{"client_loop: send disconnect: Broken pipe",
			"packet_write_wait: Connection to … Broken pipe", "Write failed: Broken pipe",
			"client_loop: send disconnect: Connection reset"},
		Of: "OpenSSH's ssh", Ending: "broken-pipe", Known: "OpenSSH: clientloop.c, packet.c",
		Sure: "An open session ended, and ssh noticed when it wrote. The session's programs at the server are " +
			"ended as well, unless they run under tmux or nohup.",
		Points: []Pointer{
			{"flow-expired", Likely, "the session had been idle for minutes: ServerAliveInterval 60 in " +
				"~/.ssh/config"},
			{"alive-check-failed", Possible, "this machine slept or was cut off: the server's " +
				"ClientAliveInterval ended it"},
			{"restarted", Possible, "the server was rebooted"},
			{"address-gone", Possible, "this machine's network or VPN changed"},
		},
	},
	{
		Words: []string{"Timeout, server … not responding"},
		Of:    "OpenSSH's ssh", Ending: "gave-up", Known: "OpenSSH: clientloop.c",
		Sure: "The server did not answer ServerAliveCountMax messages: ssh ended the session itself.",
		Points: []Pointer{
			{"address-gone", Possible, "a network on the way or this machine's own changed"},
			{"flow-expired", Possible, "a NAT forgot the connection"},
			{"busy", Possible, "the server is too busy to answer"},
		},
	},
	{
		Words: []string{"RPC failed; curl", "fetch-pack: unexpected disconnect while reading sideband packet",
			"unexpected disconnect while reading sideband packet",
			"early EOF", "the remote end hung up unexpectedly"},
		Wraps: true,
		Of:    "git", Known: "git: remote-curl.c, pkt-line.c",
		Sure: "The connection ended within a fetch or push. The number behind \"curl\" tells: 56 a RST or a " +
			"broken read, 18 and 92 an end within the reply, 55 while sending.",
		Points: []Pointer{
			{"refused-upload", Possible, "a large push over http: a limit of the server or its proxy"},
			{"truncated", Possible, "a large clone: a time-out of the server or its proxy"},
			{"flow-expired", Possible, "nothing is sent for minutes while the server counts objects"},
			{"firewall-rejects", Possible, "each time from this network, not from another"},
		},
		Settle: []string{"GIT_CURL_VERBOSE=1 or GIT_TRACE_PACKET=1 shows how far it came; try another network, " +
			"and ssh instead of https."},
	},
	{
		Words: []string{"error in rsync protocol data stream", "connection unexpectedly closed"}, Wraps: true,
		Of: "rsync", Known: "rsync: io.c",
		Sure: "The connection or the program at the other end ended within the protocol. The lines before it say " +
			"which.",
		Points: []Pointer{
			{"helper-missing", Possible, "rsync is not installed there, or the shell prints something at login"},
			{"killed", Possible, "the rsync at the other end was killed (memory)"},
			{"flow-expired", Possible, "nothing was sent for minutes"},
		},
		Settle: []string{"ssh HOST true must print nothing; ssh HOST rsync --version must print a version."},
	},
}
