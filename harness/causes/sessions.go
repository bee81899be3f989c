package causes

// sessions are the words of programs whose connections are long: remote shells,
// mail, WebSockets, and what copies files; and of TLS libraries of theirs.
var sessions = []Phrase{
	{
		Words: []string{"Connection closed by … port", "Connection reset by … port",
			"Connection closed by … port … preauth", "Connection reset by … port … preauth",
			"Connection closed by authenticating user", "Connection reset by authenticating user",
			"Connection closed by invalid user", "Connection reset by invalid user"},
		Of: "OpenSSH", Known: "measured: OpenSSH 9.2p1; packet.c, sshpkt_fatal",
		Sure: "\"closed\" is a FIN of the other end, \"reset\" a RST; the address is the other end's. With [preauth] " +
			"it is a line of sshd: a client left before it had logged in. At the client it comes beside the line that " +
			"tells more.",
		Points: []Pointer{
			{"left-early", Likely, "at sshd: the client gave up, or is a scanner"},
			{"max-startups", Possible, "at the client, before it had logged in, now and then"},
			{"hosts-deny", Possible, "at the client, each time from this host"},
			{"banned", Possible, "at the client, since failed logins"},
			{"health-check", Possible, "at sshd, regularly, from a load balancer or monitor"},
		},
		Settle: []string{"On the server: journalctl -u ssh at that time."},
	},
	{
		Words: []string{"scp: Connection closed", "sftp: Connection closed", "subsystem request failed on channel",
			"=Connection closed", "subsystem: cannot stat"},
		Of: "OpenSSH's scp and sftp", Ending: "finished", Known: "measured: OpenSSH 9.2p1",
		Sure: "The session was opened, and the file server at the other end did not run: its end of the channel was " +
			"closed. TCP and the login were in order.",
		Points: []Pointer{
			{"helper-missing", Likely, "sshd_config's Subsystem names a program that is not there, or none"},
		},
		Settle: []string{"sshd's log: \"subsystem: cannot stat\"; scp -O uses the older way without a subsystem."},
	},
	{
		Words: []string{"Timeout, client not responding", "Connection to … closed by remote host"},
		Of:    "OpenSSH", Ending: "finished", Known: "measured: OpenSSH 9.2p1; serverloop.c, clientloop.c",
		Sure: "sshd ended a session that was logged in, by FIN. \"Timeout\" is sshd's line: the client left " +
			"ClientAliveCountMax messages unanswered. \"closed by remote host\" is the client's, for whatever reason.",
		Points: []Pointer{
			{"alive-check-failed", Likely, "sshd's log has the line \"Timeout, client not responding\""},
			{"killed", Possible, "sshd's process of that session was killed, or the server shut down"},
			{"restarted", Possible, "the server was restarted"},
		},
		Settle: []string{"sshd's log for that second: journalctl -u ssh. Did the client's machine sleep, or change its network?"},
	},
	{
		Words: []string{"Timeout before authentication for"},
		Of:    "OpenSSH's sshd", Ending: "gave-up", Known: "OpenSSH: sshd.c, LoginGraceTime",
		Sure: "A client connected and did not log in within LoginGraceTime (120 s): sshd ended the connection.",
		Points: []Pointer{
			{"left-early", Likely, "a scanner, or a user who was slow"},
			{"firewall-drops", Possible, "the client's packets no longer come: a path's MTU, a NAT"},
		},
	},
	{
		Words: []string{"rsync: connection unexpectedly closed", "rsync error: error in rsync protocol data stream",
			"rsync … read error: Connection reset by peer", "error in socket IO"},
		Of: "rsync", Known: "rsync: io.c, errcode.h (10, 12)",
		Sure: "The connection, or the ssh under it, ended within the transfer: \"reset by peer\" by a RST, " +
			"\"unexpectedly closed\" by an end of the stream. Files that are complete stay; run it again.",
		Points: []Pointer{
			{"killed", Possible, "rsync at the other end died: its own message comes before, such as a full disk"},
			{"flow-expired", Possible, "it computes for minutes without sending: --timeout, ServerAliveInterval"},
			{"helper-missing", Possible, "at once: no rsync at the other end"},
			{"firewall-rejects", Possible, "each time at the same place, over one network"},
		},
		Settle: []string{"The other end's message, if any, stands before; rsync -vvv shows how far it came."},
	},
	{
		Words: []string{"The TLS connection was non-properly terminated", "GnuTLS recv error (-110)",
			"GNUTLS_E_PREMATURE_TERMINATION"},
		Of: "GnuTLS (git, wget, Debian's curl-gnutls, exim)", Ending: "finished", Known: "GnuTLS: GNUTLS_E_PREMATURE_TERMINATION (-110)",
		Sure: "The other end's FIN came without TLS' own goodbye (close_notify). It is no RST. The -110 is GnuTLS' " +
			"number and not the errno for a time-out. In a handshake there is no session; behind a complete reply it " +
			"mostly harms nobody.",
		Points: []Pointer{
			{"truncated", Possible, "a reply had begun"},
			{"tls-to-plain", Possible, "in the handshake: the port may be one for plain text"},
			{"bad-certificate", Possible, "in the handshake: the other end's log says that it does not accept the certificate"},
			{"proxy-hid-it", Possible, "there is a proxy or load balancer on the way"},
		},
		Settle: settleHandshake,
	},
	{
		Words: []string{"Error in the pull function", "GnuTLS recv error (-54)", "Error in the push function"},
		Of:    "GnuTLS (git, wget, Debian's curl-gnutls, exim)", Known: "GnuTLS: GNUTLS_E_PULL_ERROR (-54), GNUTLS_E_PUSH_ERROR (-53)",
		Sure: "A read (pull) or write (push) of the socket failed. GnuTLS does not say with which error; mostly it is " +
			"a reset. The -54 is GnuTLS' number, not an errno.",
		Points: clientReset, Settle: settleHandshake,
	},
	{
		Words: []string{"OpenSSL SSL_read: Connection reset by peer", "SSL_read: Connection reset by peer",
			"SSL_write: Broken pipe", "OpenSSL SSL_write: Connection reset by peer"},
		Of: "curl and git over OpenSSL", Known: "curl: lib/vtls/openssl.c",
		Sure: "TLS was agreed on and in use: SSL_read with \"reset by peer\" took a RST, SSL_write with \"Broken " +
			"pipe\" wrote after the end. A request that was sent may have been executed.",
		Points: clientReset, Settle: settleReply,
	},
	{
		Words: []string{"lost connection with … while", "lost connection after CONNECT", "lost connection after",
			"SMTP … lost connection", "connection unexpectedly closed in"},
		Of: "Postfix and other mail servers", Known: "Postfix: smtp_proto.c, smtpd.c",
		Sure: "The other mail server, or a client, ended the connection within the dialogue; the words behind name " +
			"the place. Postfix keeps the message and tries again, except where the end came after the final dot: " +
			"then it may be delivered twice.",
		Points: []Pointer{
			{"health-check", Possible, "\"after CONNECT\", regularly, from a monitor or load balancer"},
			{"banned", Possible, "\"while receiving the initial server greeting\": this address is not welcome there"},
			{"left-early", Possible, "at smtpd: a client that gave up, mostly spam"},
			{"firewall-rejects", Possible, "\"while sending end of data\" or \"DATA\": a firewall inspects SMTP"},
		},
		Settle: []string{"telnet HOST 25 from the mail server's machine: at which command does it end?"},
	},
	{
		Words: []string{"WebSocket connection closed: 1006", "code 1006", "close code 1006",
			"ConnectionClosedError: no close frame received or sent", "no close frame received or sent",
			"WebSocket is closed before the connection is established"},
		Of: "WebSocket clients", Known: "RFC 6455, section 7.1.5; Python's websockets; browsers",
		Sure: "The TCP connection ended without a close frame, by FIN or RST: 1006 is what a client says of that and " +
			"never on the wire. \"before … established\": the page itself closed it, or the handshake failed.",
		Points: []Pointer{
			{"idle-timeout", Likely, "after the same time of silence: a proxy's time-out (nginx proxy_read_timeout 60 s)"},
			{"restarted", Possible, "the server or a proxy was deployed anew: all clients at once"},
			{"flow-expired", Possible, "a phone's network or a NAT: no ping was sent for minutes"},
			{"killed", Possible, "the server's process died"},
			{"own-close", Possible, "\"before the connection is established\": the page left or closed it"},
		},
		Settle: []string{"How long had nothing been said? The same span each time is a time-out's: send pings."},
	},
	{
		Words: []string{"221 Goodbye"},
		Of:    "FTP servers (vsftpd)", Ending: "finished", Known: "measured: vsftpd 3.0.3; RFC 959",
		Sure: "The client has said QUIT, and the server ended the session. What the client had sent behind it is answered " +
			"with RST, which it does not see behind the end of the stream.",
		Points: []Pointer{{"quit-pipelined", Likely, "the client sent more behind QUIT, and wonders"}},
		Settle: []string{"The server's log of what was said (vsftpd: log_ftp_protocol=YES)."},
	},
	{
		Words: []string{"The specified network name is no longer available", "system error 64", "WinError 64"},
		Of:    "Windows", Ending: "reset", Known: "Windows' system error codes: ERROR_NETNAME_DELETED (64)",
		Sure: "An asynchronous read or write ended because the connection was reset: with overlapped I/O Windows says " +
			"64 where a blocking call says 10054. Of a file share it means that the session was lost.",
		Points: clientReset,
	},
	{
		Words: []string{"The network connection was aborted by the local system", "WinError 1236"},
		Of:    "Windows", Ending: "aborted", Known: "Windows' system error codes: ERROR_CONNECTION_ABORTED (1236)",
		Sure: "This machine's own system ended the connection, as 10053.",
		Points: []Pointer{{"address-gone", Possible, "the network changed or the peer no longer acknowledges"},
			{"destroyed", Possible, "a security program or VPN ended it"}},
	},
	{
		Words: []string{"The semaphore timeout period has expired", "WinError 121"},
		Of:    "Windows", Ending: "timed-out", Known: "Windows' system error codes: ERROR_SEM_TIMEOUT (121)",
		Sure: "The connection timed out: nothing acknowledged what was sent. No RST came. It has nothing to do with " +
			"semaphores of a program.",
	},
}
