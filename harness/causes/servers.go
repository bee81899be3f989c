package causes

// servers are the words of servers and proxies in their logs.
var servers = []Phrase{
	{
		Words: []string{"upstream prematurely closed connection",
			"upstream prematurely closed connection while reading response header from upstream",
			"upstream prematurely closed connection while reading upstream"},
		Of: "nginx", Ending: "finished", Known: "measured: nginx 1.22.1",
		Sure: "nginx' upstream finished (FIN) before its reply was complete; a RST has other words (\"recv() " +
			"failed (104…\"). \"while reading response header\": not a line of the reply came, the client got " +
			"502. \"while reading upstream\": within the body, the client got a short 200.",
		Points: []Pointer{
			{"killed", Possible, "the upstream's worker died over this request: see its log"},
			{"idle-timeout", Possible, "with keepalive in the upstream block: the upstream's idle time-out is " +
				"shorter than nginx'"},
			{"truncated", Possible, "\"while reading upstream\": the upstream's own time-out (gunicorn " +
				"--timeout, php-fpm request_terminate_timeout)"},
			{"plain-to-tls", Possible, "each time: the upstream's port is for TLS and proxy_pass says http://"},
			{"restarted", Possible, "the upstream was deployed anew then"},
		},
		Settle: []string{"What does the upstream's log say for this request and second? Nothing at all means " +
			"that it never read it."},
	},
	{
		Words: []string{"recv() failed (104: Connection reset by peer)",
			"readv() failed (104: Connection reset by peer)",
			"recv() failed … while reading response header from upstream",
			"writev() failed … while sending request to upstream"},
		Of: "nginx", Ending: "reset", Known: "measured: nginx 1.22.1",
		Sure: "The connection to the upstream, or to the client if \"upstream\" is not named, was reset. Before " +
			"the reply's head the client got 502; within the body it may get 200 with nothing (measured).",
		Points: []Pointer{
			{"unread", Possible, "the upstream closes without reading the request's body"},
			{"idle-timeout", Possible, "with keepalive in the upstream block: the upstream's idle time-out is " +
				"shorter than nginx'"},
			{"killed", Possible, "the upstream's worker died over this request: see its log"},
			{"linger-zero", Possible, "the upstream aborts on purpose, as at a time-out"},
			{"left-early", Possible, "\"while reading client request\", \"while sending to client\": the client " +
				"went away"},
			{"restarted", Possible, "the upstream was deployed anew then"},
		},
		Settle: []string{"What does the upstream's log say for this request and second? Nothing at all means " +
			"that it never read it."},
	},
	{
		Words: []string{"connect() failed (111: Connection refused) while connecting to upstream",
			"no live upstreams while connecting to upstream"},
		Of: "nginx", Ending: "refused", Known: "nginx: ngx_http_upstream.c",
		Sure: "Nobody listens at the upstream's address, which the line names; the client got 502. \"no live " +
			"upstreams\": all had failed shortly before and rest for fail_timeout.",
	},
	{
		Words: []string{"upstream timed out (110: Connection timed out)"},
		Of:    "nginx", Ending: "gave-up", Known: "nginx: ngx_http_upstream.c",
		Sure: "nginx' own time-out (proxy_connect_timeout, proxy_read_timeout) ended the wait; the number is its " +
			"wording, not the kernel's. The client got 504. The upstream may go on with the request.",
		Points: []Pointer{
			{"busy", Possible, "\"while reading response header\": the upstream is slow"},
			{"accept-queue-full", Possible, "\"while connecting\": under load"},
			{"firewall-drops", Possible, "\"while connecting\": each time"},
		},
	},
	{
		Words: []string{"client intended to send too large body", "client sent too long header line"},
		Of:    "nginx", Known: "measured: nginx 1.22.1",
		Sure: "nginx refused a request by its size, 413 by client_max_body_size, 400 by large_client_header_buffers. " +
			"It goes on reading what the client sends, for lingering_time at most; who writes on for longer is reset, " +
			"as is at once who sent too long a head where lingering_close is off.",
		Points: []Pointer{{"refused-upload", Likely, "always"}},
		Settle: []string{"Compare the size that the line names with client_max_body_size."},
	},
	{
		Words: []string{"client timed out (110: Connection timed out)"},
		Of:    "nginx", Known: "measured: nginx 1.22.1",
		Sure: "nginx' own time-out (client_header_timeout, client_body_timeout, send_timeout) ended the wait for the " +
			"client; the number is its wording, not the kernel's. The client got FIN, or RST with " +
			"reset_timedout_connection on.",
		Points: []Pointer{{"idle-timeout", Likely, "the client sent half a request, or did not read"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"}},
		Settle: []string{"The line says during what: \"reading client request headers\" is a client that says little."},
	},
	{
		Words: []string{"client prematurely closed connection",
			"epoll_wait() reported that client prematurely closed connection",
			"client closed connection while waiting for request"},
		Of: "nginx", Known: "nginx: ngx_http_request.c, ngx_http_upstream.c",
		Sure: "The client ended the connection before it had its reply (status 499). The words do not tell a FIN " +
			"from a RST.",
		Points: []Pointer{
			{"left-early", Likely, "a user or a client's time-out"},
			{"health-check", Possible, "not a byte was sent: regularly, from one address"},
		},
		Settle: []string{"Compare the time between request and end with the time-outs of the client and of what " +
			"stands before nginx."},
	},
	{
		Words: []string{"recv() failed (104: Connection reset by peer) while waiting for request"},
		Of:    "nginx", Ending: "reset", Known: "measured: nginx 1.22.1",
		Sure: "A client connected and reset the connection before it had sent a byte. Nobody waited for a reply.",
		Points: []Pointer{
			{"health-check", Likely, "regularly, from one address: a check or scan that connects and aborts"},
			{"left-early", Possible, "a browser that had opened more connections than it needed"},
		},
		Settle: []string{"Do they come from the load balancer? \"listen … deferred\" keeps them from nginx."},
	},
	{
		Words: []string{"upstream connect error or disconnect/reset before headers",
			"reset reason: connection termination", "reset reason: remote connection failure",
			"reset reason: connection failure", "reset reason: overflow"},
		Of: "Envoy, Istio", Known: "Envoy: source/common/http/codes, response flags UC, UF, UO",
		Sure: "Envoy got no reply's head from its upstream. \"connection termination\" (UC): the connection " +
			"ended, FIN or RST, under the request; \"connection failure\" (UF): it could not connect; " +
			"\"overflow\" (UO): its own circuit breaker, no network.",
		Points: []Pointer{
			{"idle-timeout", Likely, "\"connection termination\", now and then: the upstream's idle time-out is " +
				"shorter than Envoy's (1 h)"},
			{"upstream-refuses", Likely, "\"connection failure\": nobody listens at the upstream's port"},
			{"killed", Possible, "the upstream's process died over this request"},
			{"restarted", Possible, "the upstream was deployed anew then"},
			{"plain-to-tls", Possible, "each time: one side expects TLS (mTLS) and the other does not speak it"},
			{"tls-to-plain", Possible, "each time: one side speaks TLS and the other does not expect it"},
		},
		Settle: []string{"Envoy's access log has the response flags and %UPSTREAM_TRANSPORT_FAILURE_REASON%."},
	},
	{
		Words: []string{"could not receive data from client: Connection reset by peer",
			"could not send data to client", "unexpected EOF on client connection"},
		Of: "PostgreSQL's log", Known: "PostgreSQL: src/backend/libpq/pqcomm.c",
		Sure: "The client went without Terminate: \"reset by peer\" by a RST, \"unexpected EOF\" by a FIN. Its " +
			"open transaction is rolled back.",
		Points: []Pointer{
			{"left-early", Likely, "the client's program ended or gave up: a time-out, a kill, a pool that drops " +
				"connections"},
			{"health-check", Possible, "regularly, from a load balancer, without a user or database in the line " +
				"before"},
			{"flow-expired", Possible, "the connection had been idle, through a NAT, firewall or load balancer"},
		},
		Settle: []string{"The client's own log for that second; log_connections and log_disconnections say how " +
			"long it had been there."},
	},
	{
		Words: []string{"server closed the connection unexpectedly", "SSL SYSCALL error: EOF detected",
			"SSL connection has been closed unexpectedly"},
		Of: "PostgreSQL's clients (libpq)", Ending: "finished", Known: "PostgreSQL: src/interfaces/libpq/fe-misc.c",
		Sure: "The server or something between ended the connection. A statement that was under way may have " +
			"been executed.",
		Points: []Pointer{
			{"killed", Likely, "the server's log says \"terminated by signal\", \"restarted\" or \"administrator " +
				"command\""},
			{"idle-timeout", Possible, "idle_session_timeout, or a pooler such as PgBouncer (server_idle_timeout)"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
		},
		Settle: []string{"The server's log for that second: a crash of one backend ends the connections of all."},
	},
	{
		Words: []string{"Got timeout reading communication packets"},
		Of:    "MySQL's and MariaDB's log", Known: "measured: MariaDB 10.11.19",
		Sure: "The server ended a client's connection that was idle, by its own wait_timeout or interactive_timeout.",
		Points: []Pointer{
			{"idle-timeout", Likely, "the client's pool keeps connections longer than wait_timeout"},
			{"flow-expired", Possible, "the client had gone, and a NAT, firewall or load balancer kept that from the server"},
		},
		Settle: []string{"SHOW GLOBAL VARIABLES LIKE '%timeout' against the pool's idle time."},
	},
	{
		Words: []string{"Got an error reading communication packets", "Got an error writing communication packets",
			"Aborted connection"},
		Of: "MySQL's and MariaDB's log", Known: "measured: MariaDB 10.11.19; MySQL's manual, \"Communication Errors and Aborted Connections\"",
		Sure: "A client's connection ended without COM_QUIT: \"error reading\" and \"error writing\" because the " +
			"client or the way to it went. What stands behind \"Aborted connection\" says which.",
		Points: []Pointer{
			{"left-early", Likely, "the client's program ended, or dropped the connection, without closing it"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
			{"health-check", Possible, "\"unauthenticated user\": a check that connects and goes"},
			{"refused-upload", Possible, "a packet larger than max_allowed_packet"},
		},
		Settle: []string{"SHOW GLOBAL VARIABLES LIKE '%timeout' against the pool's idle time; the client's own " +
			"log for that second."},
	},
	{
		Words: []string{"reading authorization packet"},
		Of:    "MySQL's clients", Known: "MySQL: CR_SERVER_LOST_EXTENDED",
		Sure: "The server had sent its greeting, and the connection ended while the client logged in. No " +
			"statement was sent. \"system error: 104\" is a RST, 0 a FIN.",
		Points: []Pointer{
			{"idle-timeout", Possible, "the server's connect_timeout is short, and logging in takes long: the network, DNS " +
				"(skip_name_resolve)"},
			{"busy", Possible, "under load: the server's or the client's processor"},
			{"restarted", Possible, "the server was restarted then, or crashed"},
			{"firewall-rejects", Possible, "each time on this network, not on another"},
		},
		Settle: []string{"SHOW GLOBAL STATUS LIKE 'Aborted_connects' before and after; does a longer connect_timeout at " +
			"the server help?"},
	},
	{
		Words: []string{"reading initial communication packet"},
		Of:    "MySQL's clients", Known: "MySQL: CR_SERVER_LOST_EXTENDED",
		Sure: "TCP had connected, and the connection ended before the server's greeting: before any user name. " +
			"\"system error: 104\" is a RST, 0 a FIN.",
		Points: []Pointer{
			{"upstream-refuses", Likely, "a published port or proxy with nobody behind it"},
			{"hosts-deny", Possible, "TCP wrappers, or the server has blocked this host (max_connect_errors)"},
			{"firewall-rejects", Possible, "each time on this network, not on another"},
			{"accept-queue-full", Possible, "under load (back_log)"},
		},
		Settle: []string{"Connect from the server's own machine. SELECT * FROM performance_schema.host_cache " +
			"shows hosts that are blocked."},
	},
	{
		Words: []string{"missed heartbeats from client", "AMQPHeartbeatTimeout"},
		Of:    "RabbitMQ's log, pika", Known: "measured: RabbitMQ 3.10.8; pika: exceptions",
		Sure: "The other end was silent for longer than the heartbeat time-out that both had agreed on, and was given up. " +
			"What was published without a confirm may be lost.",
		Points: []Pointer{
			{"alive-check-failed", Likely, "the client's thread was busy, or stopped, and did not send heartbeats " +
				"(process_data_events)"},
			{"flow-expired", Possible, "heartbeats are slower than a device's idle time"},
		},
		Settle: []string{"What did the client do in that second? A capture at the broker shows whether frames of 8 bytes came."},
	},
	{
		Words: []string{"Stream connection lost … ConnectionResetError", "StreamLostError … Connection reset by peer"},
		Of:    "pika", Ending: "reset", Known: "measured: pika 1.2.0, RabbitMQ 3.10.8",
		Sure: "A RST ended the connection to the broker. What was published without a confirm may be lost.",
		Points: []Pointer{
			{"flow-expired", Likely, "it had been idle, heartbeats are off (heartbeat=0) or slow, and the broker's log has nothing"},
			{"alive-check-failed", Possible, "the broker's log says \"missed heartbeats from client\""},
			{"restarted", Possible, "the broker was restarted"},
		},
		Settle: []string{"The broker's log for that second: with nothing of this connection somebody between has reset it."},
	},
	{
		Words: []string{"Stream connection lost", "StreamLostError", "ConnectionClosedByBroker"},
		Of:    "pika", Known: "pika: exceptions",
		Sure: "The connection to the broker ended; the words behind it say how. What was published without a confirm may " +
			"be lost.",
		Points: []Pointer{
			{"alive-check-failed", Likely, "the client's thread was busy and did not send heartbeats " +
				"(process_data_events)"},
			{"flow-expired", Possible, "heartbeats are off or slower than a device's idle time"},
			{"restarted", Possible, "the broker was restarted"},
		},
		Settle: []string{"The broker's log for that second says who closed and why."},
	},
	{
		Words: []string{"max number of clients reached", "too many open files", "EMFILE",
			"accept4: too many open files", "Too many open connections", "sorry, too many clients already",
			"There are too many connected users", "worker_connections are not enough"},
		Of: "servers at a limit", Known: "measured: Redis 7.0.15, memcached 1.6.18, PostgreSQL 15.18, vsftpd 3.0.3, nginx 1.22.1; accept(2)",
		Sure: "The server has no room for another connection. Clients see an answer that says so, a reset or an " +
			"end of the stream (as they had sent something or not), or no answer at all.",
		Points: []Pointer{{"descriptor-limit", Likely, "the limit of open files or of clients"}},
		Settle: []string{"Count them (ss -tn | wc -l, ls /proc/PID/fd | wc -l): do they grow for ever, or only " +
			"at the peak?"},
	},
	{
		Words: []string{"past MaxStartups", "Exceeded MaxStartups", "beginning MaxStartups throttling",
			"drop connection … Maxstartups"},
		Of: "OpenSSH's sshd", Known: "measured: OpenSSH 9.2p1, 10.0p2",
		Sure:   "sshd closed a connection that it had just accepted, because too many others have not authenticated.",
		Points: []Pointer{{"max-startups", Likely, "always"}},
		Settle: []string{"Who has so many connections open: ss -tn sport = :22."},
	},
	{
		Words: []string{"Not allowed at this time"},
		Of:    "OpenSSH's sshd, from version 9.8", Known: "measured: OpenSSH 10.0p2",
		Sure: "sshd closed a connection that it had just accepted: too many others have not authenticated, or it " +
			"penalises the address. Its line does not say which.",
		Points: []Pointer{
			{"max-startups", Likely, "many connect at the same time, from wherever"},
			{"banned", Likely, "logins from this address failed, or it connected without one"},
		},
		Settle: []string{"On the server: journalctl -u ssh, for \"drop connection\": behind the addresses it says " +
			"\"Maxstartups\" or which \"penalty\"."},
	},
	{
		Words: []string{"drop connection … penalty", "penalty: failed authentication"},
		Of:    "OpenSSH's sshd, from version 9.8", Known: "measured: OpenSSH 10.0p2; srclimit.c",
		Sure: "sshd closed a connection that it had just accepted: its address is penalised (PerSourcePenalties) for what it " +
			"did before, which the line names. No packet filter has to do with it.",
		Points: []Pointer{{"banned", Likely, "always: by sshd itself, for seconds to minutes"}},
		Settle: []string{"What connected from there without logging in: monitoring and checks do; PerSourcePenaltyExemptList " +
			"names who is not penalised."},
	},
	{
		Words: []string{"possible SYN flooding on port"},
		Of:    "Linux's kernel log", Known: "Linux: net/ipv4/tcp_input.c, tcp_syn_flood_action",
		Sure:   "A listener's accept queue was full when SYNs came. It need not be an attack.",
		Points: []Pointer{{"accept-queue-full", Likely, "always"}},
		Settle: []string{"ss -ltn: Recv-Q against Send-Q of that port."},
	},
}
