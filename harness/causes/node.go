package causes

import "slices"

// node are the words of Node.js and of its packages.
var node = []Phrase{
	{
		Words: []string{"socket hang up"},
		Of:    "Node.js", Known: "measured: Node 20.20.2, http.get",
		Sure: "The connection ended before the reply came. Node gives it the code ECONNRESET even if the server " +
			"closed with a FIN and there was no RST at all (measured): the code does not tell. Axios, got, " +
			"request and others pass it on. The request may have been executed.",
		Points: append(slices.Clone(noReply), Pointer{"own-close", Possible,
			"this program ended the request itself (abort, destroy, its time-out): see the stack"}),
		Settle: append([]string{
			"req.reusedSocket is true? Then it was a kept-alive connection: let the agent's idle time-out be " +
				"shorter than the server's keepAliveTimeout (5 s in Node), or retry once.",
		}, settleReply...),
	},
	{
		Words: []string{"read ECONNRESET"},
		Of:    "Node.js", Ending: "reset", Known: "measured: Node 20.20.2, net",
		Sure: "A RST ended the connection. Node says \"read\" even if the program was writing: it reads all the " +
			"time. Without a listener for 'error' it ends the process.",
	},
	{
		Words: []string{"write ECONNRESET", "write EPIPE"},
		Of:    "Node.js", Ending: "broken-pipe", Known: "Node: net, libuv",
		Sure: "A write found the connection dead: the peer had closed or reset it before.",
	},
	{
		Words: []string{"connect ECONNREFUSED", "AggregateError [ECONNREFUSED]"},
		Of:    "Node.js", Ending: "refused", Known: "Node: net",
		Sure: "There was no connection: nobody listens at the address and port behind the word. From Node 17 on " +
			"localhost may be ::1 first.",
	},
	{
		Words: []string{"Client network socket disconnected before secure TLS connection was established"},
		Of:    "Node.js TLS", Ending: "finished", Known: "Node: _tls_wrap",
		Sure: "The connection ended before TLS was agreed on. Node gives it the code ECONNRESET though it was a " +
			"FIN. Nothing was executed.",
		Points: handshake, Settle: settleHandshake,
	},
	{
		Words: []string{"UND_ERR_SOCKET", "other side closed", "fetch failed … other side closed"},
		Of:    "Node.js fetch (undici)", Ending: "finished", Known: "measured: Node 20.20.2, fetch",
		Sure: "The server's FIN came before the reply was complete. It is no RST. The request may have been " +
			"executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"TypeError: fetch failed", "fetch failed"}, Wraps: true,
		Of: "Node.js fetch (undici)", Known: "measured: Node 20.20.2, fetch",
		Sure: "fetch could not get a reply; why is in error.cause: \"read ECONNRESET\" is a RST, \"other side " +
			"closed\" a FIN, ECONNREFUSED nobody there.",
		Points: noReply, Settle: []string{"Print error.cause, and explain that."},
	},
	{
		Words: []string{"TypeError: terminated", "Premature close", "ERR_STREAM_PREMATURE_CLOSE", "Error: aborted"},
		Of:    "Node.js", Known: "measured: Node 20.20.2, fetch and http",
		Sure: "The reply had begun, and the connection ended before its end. \"terminated\" came of a RST (its " +
			"cause says read ECONNRESET), \"aborted\" has the code ECONNRESET either way. The request was " +
			"executed, at least in part.",
		Points: cutReply, Settle: settleReply,
	},
	{
		Words: []string{"The socket connection was closed unexpectedly"},
		Of:    "Bun's fetch", Known: "Bun: fetch, ConnectionClosed",
		Sure: "The connection ended before the reply was complete; the words do not tell a FIN from a RST. The " +
			"request may have been executed.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"PROTOCOL_CONNECTION_LOST", "Connection lost: The server closed the connection",
			"Connection terminated unexpectedly", "Connection terminated due to connection timeout"},
		Of: "Node.js database drivers", Ending: "finished", Known: "mysql, mysql2, pg",
		Sure: "The database's connection ended without being asked to. What was under way may have been executed.",
		Points: []Pointer{
			{"idle-timeout", Likely, "the connection had been idle: the server's time-out is shorter than the " +
				"pool's"},
			{"restarted", Possible, "the database was restarted or failed over"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
		},
	},
}

// browsers are the words of Chromium, Firefox and Safari.
var browsers = []Phrase{
	{
		Words: []string{"ERR_CONNECTION_RESET", "net::ERR_CONNECTION_RESET", "NS_ERROR_NET_RESET",
			"PR_CONNECT_RESET_ERROR", "the connection was reset",
			"the connection to the server was reset while the page was loading"},
		Of: "a browser", Ending: "reset", Known: "Chromium: net_error_list.h (-101); Firefox",
		Sure: "A RST ended the connection before the page was complete. Browsers have tried again by themselves " +
			"where the connection was an old one, so that it mostly means a fresh one is reset as well.",
		Points: []Pointer{
			{"firewall-rejects", Possible, "only this site, from this network: a firewall, a filter or a virus " +
				"scanner"},
			{"forged", Possible, "only some names, from some countries or providers: through a tunnel it works"},
			{"upstream-refuses", Possible, "a container's published port or a load balancer with nobody behind it"},
			{"tls-to-plain", Possible, "https:// to a port that speaks plain http, or the reverse"},
			{"refused-upload", Possible, "while a file is being uploaded"},
			{"killed", Possible, "the server's process dies over the request"},
			{"unread", Possible, "at the reply, each time for the same request"},
		},
		Settle: []string{
			"Does it work from another network, through a tunnel, or with curl -v on the server's own machine?",
			"What does the server's log say for that second? Nothing means that the request never reached it.",
		},
	},
	{
		Words: []string{"ERR_EMPTY_RESPONSE", "didn't send any data", "ERR_CONNECTION_CLOSED",
			"PR_END_OF_FILE_ERROR", "the network connection was lost", "NSURLErrorNetworkConnectionLost",
			"the server unexpectedly dropped the connection", "NS_ERROR_NET_INTERRUPT"},
		Of: "a browser", Ending: "finished",
		Known: "Chromium: net_error_list.h (-324, -100); Firefox; Safari (-1005)",
		Sure: "The connection ended before a reply came; for Chromium and Firefox these words are those of an " +
			"orderly end (FIN). Safari's do not tell a FIN from a RST.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"ERR_HTTP2_PROTOCOL_ERROR", "NS_ERROR_NET_HTTP2", "ERR_HTTP2_SERVER_REFUSED_STREAM"},
		Of:    "a browser", Known: "Chromium: net_error_list.h (-337, -351); RFC 9113",
		Sure: "HTTP/2 failed above TCP: a stream was ended by a frame, or one made no sense. It is no RST of TCP; " +
			"Chromium also says it of a stream that ended within its reply.",
		Points: []Pointer{
			{"truncated", Likely, "the server or a proxy gave up while it was sending"},
			{"killed", Possible, "the server's process dies over the request"},
			{"refused-upload", Possible, "while a file is being uploaded"},
		},
		Settle: []string{"chrome://net-export shows the frame; curl -v --http2 says \"HTTP/2 stream was not closed " +
			"cleanly\"; does it work with HTTP/1.1?"},
	},
	{
		Words: []string{"ERR_CONTENT_LENGTH_MISMATCH", "ERR_INCOMPLETE_CHUNKED_ENCODING"},
		Of:    "Chromium", Ending: "finished", Known: "Chromium: net_error_list.h (-354, -355)",
		Sure:   "The reply had begun, and the connection ended before its length or last chunk.",
		Points: cutReply, Settle: settleReply,
	},
	{
		Words: []string{"ERR_CONNECTION_REFUSED", "NS_ERROR_CONNECTION_REFUSED"},
		Of:    "a browser", Ending: "refused", Known: "Chromium: net_error_list.h (-102)",
		Sure: "There was no connection: nobody listens at that address and port, or a firewall says so.",
	},
	{
		Words: []string{"ERR_CONNECTION_TIMED_OUT", "ERR_TIMED_OUT", "NS_ERROR_NET_TIMEOUT",
			"took too long to respond"},
		Of: "a browser", Ending: "timed-out", Known: "Chromium: net_error_list.h (-118, -7)",
		Sure: "Nothing answered in the time that the browser or the system allows.",
	},
	{
		Words: []string{"ERR_CONNECTION_ABORTED"},
		Of:    "Chromium", Ending: "aborted", Known: "Chromium: net_error_list.h (-103)",
		Sure: "This machine's own system ended the connection, or nothing acknowledged what was sent.",
	},
	{
		Words: []string{"ERR_SSL_PROTOCOL_ERROR", "SSL_ERROR_RX_RECORD_TOO_LONG"},
		Of:    "a browser", Known: "Chromium: net_error_list.h (-107); Firefox",
		Sure:   "What came from the server is not TLS. The connection itself worked.",
		Points: []Pointer{{"tls-to-plain", Likely, "the port speaks plain http"}},
		Settle: []string{"Try http:// on the same port."},
	},
}
