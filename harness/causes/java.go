package causes

// java are the words of the JDK and of what is built on it.
var java = []Phrase{
	{
		Words: []string{"java.net.SocketException: Connection reset", "SocketException: Connection reset",
			"javax.net.ssl.SSLException: Connection reset"},
		Of: "Java", Ending: "reset", Known: "measured: JDK 17.0.15, Linux 6.18",
		Sure: "A read found that a RST had come (sockets, and channels of newer JDKs). Java remembers it: every " +
			"later read says the same, where C and Go get the end of the stream.",
	},
	{
		Words: []string{"java.net.SocketException: Connection reset by peer",
			"SocketException: Connection reset by peer"},
		Of: "Java", Ending: "reset", Known: "measured: JDK 17.0.15, Linux 6.18",
		Sure: "A RST ended the connection. In JDK 17 these words, with \"by peer\", come from a write to a " +
			"socket; a read says \"Connection reset\". Other JDKs may differ in that.",
	},
	{
		Words: []string{"java.io.IOException: Connection reset by peer", "IOException: Connection reset by peer",
			"NativeIoException … Connection reset by peer"},
		Of: "Java NIO, Netty", Ending: "reset",
		Known: "measured: a channel's write, JDK 17.0.21, Linux 6.18; Netty: channel.unix.Errors",
		Sure: "A channel's read or write got ECONNRESET from the system: a RST ended the connection. The stack " +
			"trace tells which of the two it was. Thrown at a server before any byte was read, it cost nobody " +
			"anything.",
		Points: []Pointer{
			{"health-check", Possible, "at a server, not a byte came before: regularly, from the load balancer's " +
				"addresses"},
			{"left-early", Possible, "at a server that is writing a response: the client went away"},
			{"idle-timeout", Possible, "at a client, on a connection from a pool that had been idle"},
			{"restarted", Possible, "the peer was restarted, deployed anew or failed over then"},
			{"unread", Possible, "at a client, at or before the reply, each time for the same request"},
			{"flow-expired", Possible, "after minutes of silence, through a NAT, firewall or load balancer"},
			{"killed", Possible, "the peer's process died then"},
		},
	},
	{
		Words: []string{"ReactiveException … NativeIoException … Connection reset by peer",
			"WebClientRequestException … Connection reset by peer", "PooledConnectionProvider … Connection reset by peer",
			"Pooled connection observed an error", "Request to … DefaultWebClient … Connection reset by peer"},
		Of: "Reactor Netty's client, Spring's WebClient", Ending: "reset",
		Known: "Reactor Netty: PooledConnectionProvider; Spring: WebClientRequestException; block() throws ReactiveException",
		Sure: "A client's connection, from its pool as a rule, was reset. If it lay in the pool then, no request " +
			"was lost; if one was under way it may have been executed.",
		Points: []Pointer{
			{"idle-timeout", Likely, "the connection had lain in the pool: the server's keep-alive time-out is " +
				"shorter than the pool's (maxIdleTime is unlimited unless set)"},
			{"flow-expired", Possible, "after minutes of silence, through a NAT, firewall or load balancer"},
			{"restarted", Possible, "the server was restarted, deployed anew or failed over then"},
			{"unread", Possible, "at or before the reply, each time for the same request"},
			{"killed", Possible, "the server's process died then"},
		},
		Settle: []string{"Set maxIdleTime of ConnectionProvider below the server's keep-alive time-out: does it " +
			"stop?"},
	},
	{
		Words: []string{"ClientAbortException … Connection reset by peer",
			"org.apache.catalina.connector.ClientAbortException: java.io.IOException: Connection reset by peer"},
		Of: "Tomcat", Ending: "reset", Known: "measured: Tomcat 10.1.60, JDK 17, Linux 6.18",
		Sure: "A servlet's write found that the client's RST had come: the client closed with a part of the response " +
			"unread, or aborted. A further write that goes to the socket throws again, this or \"Broken pipe\". Tomcat logs " +
			"it at the level FINE alone: whoever logged it caught it.",
		Points: []Pointer{
			{"left-early", Likely, "the response is long, or took long"},
			{"idle-timeout", Possible, "it comes after the same time: a proxy's or the client's time-out"},
			{"firewall-rejects", Possible, "a device between resets: capture at both ends"},
		},
		Settle: []string{"The access log: how long did the request take, and how much was sent? Is it one page, or one kind of client?"},
	},
	{
		Words: []string{"ClientAbortException … Broken pipe",
			"org.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe"},
		Of: "Tomcat", Ending: "broken-pipe", Known: "measured: Tomcat 10.1.60, JDK 17, Linux 6.18",
		Sure: "A servlet's write on a connection that could not send any more: the client had closed, with nothing unread, " +
			"and an earlier write had succeeded and drawn its RST. Nothing of either has arrived.",
		Points: []Pointer{
			{"left-early", Likely, "the client did not wait for the response: it took longer than the client's patience"},
			{"idle-timeout", Possible, "it comes after the same time: a proxy's or the client's time-out"},
		},
		Settle: []string{"The access log: how long did the request take? Compare that with the time-outs of the client and of " +
			"each proxy between."},
	},
	{
		Words: []string{"org.apache.catalina.connector.ClientAbortException", "ClientAbortException", "EofException"},
		Of:    "Tomcat, Jetty", Known: "measured: Tomcat 10.1.60, JDK 17; Jetty",
		Sure: "A write of the response found that the client had gone. What it is caused by says how: \"Connection reset by " +
			"peer\" is the client's RST, \"Broken pipe\" a write after that or after its FIN.",
		Points: []Pointer{
			{"left-early", Likely, "it is there for a response that is long, or takes long"},
			{"idle-timeout", Possible, "it comes after the same time: a proxy's or the client's time-out"},
		},
		Settle: []string{"Look at what it is caused by, and in the access log at how long the request took."},
	},
	{
		Words: []string{"java.io.IOException: Broken pipe", "java.net.SocketException: Broken pipe"},
		Of:    "Java", Ending: "broken-pipe", Known: "measured: JDK 17.0.15",
		Sure: "A write on a connection that could not send any more. At a server it mostly says that the client " +
			"has gone: Tomcat calls it ClientAbortException, Jetty EofException.",
		Points: []Pointer{
			{"left-early", Likely, "at a server that is writing a response"},
			{"wrote-after-close", Possible, "at a client: the server had closed"},
			{"idle-timeout", Possible, "at a client, on a connection from a pool"},
		},
	},
	{
		Words: []string{"java.net.ConnectException: Connection refused", "ConnectException: Connection refused"},
		Of:    "Java", Ending: "refused", Known: "JDK: sun.nio.ch.Net",
		Sure: "There was no connection: nobody listens there, or a firewall says so. Nothing was executed.",
	},
	{
		Words: []string{"SocketTimeoutException: Read timed out", "SocketTimeoutException: connect timed out",
			"SocketTimeoutException", "ConnectTimeoutException"},
		Of: "Java", Ending: "gave-up", Known: "JDK: java.net.SocketTimeoutException",
		Sure: "This program's own time-out ended the call (setSoTimeout, a client's connect or read time-out). " +
			"After \"Read timed out\" the request may have been executed; after \"connect timed out\" it was not.",
	},
	{
		Words: []string{"java.net.SocketException: Socket closed", "SocketException: Socket is closed",
			"ClosedChannelException", "AsynchronousCloseException", "Stream closed"},
		Of: "Java", Ending: "closed", Known: "JDK: java.net, java.nio.channels",
		Sure: "This program closed the socket or channel itself, or Netty did after it had seen the end: the " +
			"peer brings it about only by way of an earlier event.",
	},
	{
		Words: []string{"Unexpected end of file from server", "NoHttpResponseException", "failed to respond",
			"Connection prematurely closed BEFORE response", "PrematureCloseException", "Server returned EOF",
			"unexpected end of stream on"},
		Of: "Java HTTP clients", Ending: "finished",
		Known: "measured: HttpURLConnection of JDK 17; Apache HttpClient, Reactor Netty, OkHttp",
		Sure: "The connection ended in the place of a reply. With HttpURLConnection that was a FIN and no RST " +
			"(measured: a RST says \"Connection reset\"); the others, too, have these words for the end of the " +
			"stream. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"HTTP/1.1 header parser received no bytes"},
		Of:    "java.net.http", Known: "measured: JDK 17.0.21, Linux 6.18",
		Sure: "The connection ended before the first byte of a reply. The words are the same for a FIN and for a " +
			"RST (measured), and no cause is attached. The request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"Premature end of Content-Length delimited message body", "ConnectionClosedException",
			"Connection prematurely closed DURING response", "Premature EOF", "TruncatedChunkException",
			"Premature end of chunk coded message body"},
		Of: "Java HTTP clients", Ending: "finished", Known: "Apache HttpClient, Reactor Netty, HttpURLConnection",
		Sure: "The reply had begun, and the connection ended before its length or last chunk. The request was " +
			"executed, at least in part.",
		Points: cutReply, Settle: settleReply,
	},
	{
		Words: []string{"Remote host terminated the handshake", "Remote host closed connection during handshake",
			"SSL peer shut down incorrectly"},
		Of: "Java TLS", Ending: "finished", Known: "JDK: sun.security.ssl.SSLSocketImpl",
		Sure: "The connection ended by a FIN before TLS was agreed on, without an alert that says why. Nothing " +
			"was executed.",
		Points: handshake, Settle: settleHandshake,
	},
	{
		Words: []string{"The driver has not received any packets from the server"}, Wraps: true,
		Of: "MySQL Connector/J", Known: "MySQL Connector/J: CommunicationsException",
		Sure: "The server has said nothing at all: the connection could not be made, or ended before its " +
			"greeting. No statement was sent. \"Caused by\" says which.",
		Points: []Pointer{
			{"refused", Likely, "\"Caused by: … Connection refused\""},
			{"firewall-drops", Possible, "\"Caused by: … connect timed out\""},
			{"upstream-refuses", Possible, "\"Caused by: … Can not read response from server\": a published port or a " +
				"proxy with nobody behind it"},
			{"hosts-deny", Possible, "TCP wrappers deny this host"},
		},
		Settle: []string{"Connect from the server's own machine, and from this one with another client."},
	},
	{
		Words: []string{"Communications link failure", "The last packet successfully received from the server was"},
		Wraps: true,
		Of:    "MySQL Connector/J", Known: "MySQL Connector/J: CommunicationsException",
		Sure: "The connection to the database ended or could not be made. The exception behind \"Caused by\" " +
			"says how; the milliseconds since the last packet say how long it had been idle.",
		Points: []Pointer{
			{"idle-timeout", Likely, "the time since the last packet is near MySQL's wait_timeout"},
			{"flow-expired", Possible, "it is near 350 s, 4 min or another device's limit"},
			{"restarted", Possible, "the database was restarted or failed over"},
			{"refused", Possible, "\"Caused by: … Connection refused\""},
		},
		Settle: []string{"Let the pool end connections earlier (HikariCP maxLifetime, keepaliveTime): does it " +
			"stop?"},
	},
}
