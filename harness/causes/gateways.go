package causes

// gateways are the words with which proxies, load balancers and application
// servers tell of the connection behind or before them.
var gateways = []Phrase{
	{
		Words: []string{"502 Bad Gateway", "Error 502", "error code 502", "status code 502"},
		Of:    "HTTP gateways", Known: "RFC 9110, section 15.6.3",
		Sure: "The connection that failed is the one behind the gateway that answered, not this one: refused, reset, " +
			"or ended before a reply that it understood. This reply itself is whole. The request may have been " +
			"executed.",
		Points: []Pointer{
			{"refused", Possible, "each time: nobody listens at the upstream's address"},
			{"idle-timeout", Possible, "now and then: the upstream's idle time-out is shorter than the gateway's"},
			{"killed", Possible, "the upstream's process died over this request"},
			{"restarted", Possible, "the upstream was deployed anew then"},
			{"plain-to-tls", Possible, "each time: the upstream speaks TLS and the gateway does not"},
			{"refused-upload", Possible, "it comes for large bodies"},
		},
		Settle: []string{"The gateway's error log for this request says which of these it was; paste that line."},
	},
	{
		Words: []string{"504 Gateway Timeout", "504 Gateway Time-out", "Error 504", "status code 504"},
		Of:    "HTTP gateways", Ending: "gave-up", Known: "RFC 9110, section 15.6.5",
		Sure: "The gateway gave up waiting for its upstream. No connection of this client failed. The upstream may " +
			"go on with the request and complete it.",
		Points: []Pointer{
			{"busy", Likely, "the upstream takes longer than the gateway's time-out"},
			{"firewall-drops", Possible, "each time: the gateway cannot reach the upstream"},
			{"accept-queue-full", Possible, "under load"},
		},
		Settle: []string{"The upstream's log: did the request arrive, and how long did it take?"},
	},
	{
		Words: []string{"AH01102: error reading status line", "error reading status line from remote server",
			"AH01102", "AH02609", "AH00957", "AH01075"},
		Of: "Apache httpd's mod_proxy", Known: "Apache httpd: mod_proxy_http, mod_proxy_fcgi",
		Sure: "The connection to the backend failed: AH00957 while connecting, AH01102 before its reply's head, " +
			"AH01075 while passing the request on. The number before it tells how: (104) a RST, (20014) the end of " +
			"the stream, (70007) httpd's own time-out, (111) refused. The client got 502, 503 or 504.",
		Points: []Pointer{
			{"idle-timeout", Likely, "AH01102 now and then: the backend's KeepAliveTimeout is shorter than the pool's " +
				"ttl"},
			{"killed", Possible, "the backend's process died over this request"},
			{"refused", Possible, "AH00957: nobody listens there"},
			{"busy", Possible, "(70007): ProxyTimeout is shorter than the answer takes"},
		},
		Settle: []string{"ProxyPass … ttl=, disablereuse=On for a test: does it stop? And the backend's log."},
	},
	{
		Words: []string{"http: proxy error", "httputil: ReverseProxy read error during body copy"}, Wraps: true,
		Of: "Go's httputil.ReverseProxy", Known: "Go 1.26: net/http/httputil",
		Sure: "A proxy written in Go (Traefik, Caddy, many others) failed towards its upstream, or its client went: " +
			"\"context canceled\" is the client, \"EOF\" an upstream that ended in the place of a reply, " +
			"\"connection refused\" nobody there. The client got 502.",
		Points: noReply, Settle: settleReply,
	},
	{
		Words: []string{"http: TLS handshake error from"}, Wraps: true,
		Of: "Go's net/http server", Known: "Go 1.26: net/http",
		Sure: "A client connected and TLS was not agreed on: \"EOF\" is a client that went without a word, \"reset\" " +
			"one that went by RST, \"first record does not look like\" one that speaks no TLS. No request was lost.",
		Points: []Pointer{
			{"health-check", Likely, "regularly, from a few addresses: a load balancer's TCP check, or a scan"},
			{"bad-certificate", Possible, "the client does not accept the certificate (\"unknown certificate\")"},
			{"plain-to-tls", Possible, "the client speaks plain HTTP to the port for TLS"},
		},
		Settle: []string{"Do the addresses belong to the load balancer? Does it come at regular times?"},
	},
	{
		Words: []string{"upstream_reset_before_response_started", "upstream_reset_after_response_started",
			"upstream_reset_before_response_started{connection_termination}", "downstream_remote_disconnect"},
		Of: "Envoy, Istio", Known: "Envoy: response code details",
		Sure: "Envoy's own detail of a response: \"before_response_started\": its upstream's connection ended under " +
			"the request, by FIN or RST, and the client got 503; \"after\": within the reply; " +
			"\"downstream_remote_disconnect\": the client went. The request may have been executed.",
		Points: []Pointer{
			{"idle-timeout", Likely, "now and then: the upstream's idle time-out is shorter than Envoy's (1 h)"},
			{"left-early", Possible, "\"downstream_remote_disconnect\""},
			{"killed", Possible, "the upstream's process died over this request"},
			{"restarted", Possible, "the upstream was deployed anew then"},
		},
		Settle: []string{"Envoy's access log has the response flags and %UPSTREAM_TRANSPORT_FAILURE_REASON%."},
	},
	{
		Words: []string{"Layer4 connection problem", "Layer4 timeout", "Layer6 invalid response", "Layer6 timeout",
			"Layer7 invalid response", "Layer7 timeout"},
		Of: "HAProxy's checks", Known: "measured: HAProxy 2.6.12 (Layer4 timeout); HAProxy: src/check.c, statuses L4CON, L4TOUT, L6RSP, L7RSP",
		Sure: "A check of a server failed: \"Layer4 connection problem\" with a refusal, a reset or no route, which " +
			"\"info\" names, \"timeout\" with silence, \"Layer6\" in TLS' handshake, \"Layer7\" at the reply. No " +
			"client's connection is meant.",
		Points: []Pointer{
			{"refused", Likely, "\"Layer4 connection problem … Connection refused\": nobody listens"},
			{"firewall-drops", Possible, "\"Layer4 timeout\""},
			{"plain-to-tls", Possible, "\"Layer7 invalid response\": the port is one for TLS"},
			{"tls-to-plain", Possible, "\"Layer6\": the port is one for plain text"},
			{"restarted", Possible, "the server was deployed anew then"},
		},
		Settle: []string{"What does the server itself say at that time? Connect from the balancer's machine by hand."},
	},
	{
		Words: []string{"WORKER TIMEOUT", "Worker failed to boot", "was sent SIGKILL"},
		Of:    "gunicorn", Known: "gunicorn: arbiter.py",
		Sure: "gunicorn killed a worker that had not come back in its --timeout. The request under way was lost with " +
			"it: its client, or the proxy before it, sees the end of the stream or a reset.",
		Points: []Pointer{{"killed", Likely, "always"}, {"busy", Possible, "requests take longer than --timeout"}},
		Settle: []string{"Which request was under way? The proxy's log of that second names it."},
	},
	{
		Words: []string{"uwsgi_response_write_body_do(): Broken pipe", "uwsgi_response_writev_headers_and_body_do(): Broken pipe",
			"IOError: write error", "OSError: write error"},
		Of: "uWSGI", Ending: "broken-pipe", Known: "uWSGI: core/writer.c",
		Sure: "The client, or the proxy in its place, went before its reply was written. The request was executed.",
		Points: []Pointer{
			{"left-early", Likely, "a user or a time-out of a client or proxy"},
		},
		Settle: []string{"Compare the request's duration with the proxy's time-out (uwsgi_read_timeout 60 s)."},
	},
	{
		Words: []string{"FetchError: http first read error: EOF", "http first read error: EOF",
			"FetchError: backend write error"},
		Of: "Varnish", Ending: "finished", Known: "Varnish: cache_http1_fetch.c",
		Sure: "The backend ended the connection in the place of a reply. Varnish tries once more by itself if the " +
			"connection was a reused one; the client got 503.",
		Points: noReply, Settle: settleReply,
	},
}
