package causes

import "github.com/resetlab/resetlab/harness/tcp"

// closing are the causes that lie in how a program closes.
var closing = []Cause{
	{
		Name: "unread", Group: "unread", Scenario: "closing-with-unread-data",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "its owner closed with received bytes unread",
		Why: "close() finds bytes in the receive buffer that the program has not read, and the kernel sends RST " +
			"in the place of FIN to say that they are lost (RFC 1122, section 4.2.2.13). close() itself returns " +
			"0, and a process that ends closes as well.",
		Cure: "In the program that closed: read to the end of the request before closing, or shutdown(SHUT_WR), " +
			"read until the end of the stream, then close. Where it closes early by mistake, its log of that " +
			"second says why.",
	},
	{
		Name: "refused-upload", Group: "unread", Scenario: "refusing-an-upload",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "a server answered without having read the whole request, and closed",
		Why: "The rest of the upload arrives unread, so that the close becomes a RST. The answer (413, 401, 403) " +
			"was sent before it, but a client that is still writing gets the error and may never look.",
		Cure: "Look for a 4xx in the server's log: mend what it complains of (a limit of the body's size, the " +
			"authentication). In the server, close lingeringly: half-close, drain for some seconds, then close " +
			"(RFC 9112, section 9.6; nginx: lingering_close).",
	},
	{
		Name: "left-early", Group: "unread", Scenario: "leaving-before-the-response-ends",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE", "TCP_TIMEWAIT_SOCKET"},
		What:    "the client went away before the response was complete",
		Why: "Somebody closed the page, or a client's time-out ended its wait. What it will not read any more " +
			"makes its close a RST, and the server's next write fails.",
		Cure: "Mostly none is needed: log it at debug level and stop the work for that request. If it comes " +
			"often, compare the client's time-out with how long the response takes.",
	},
	{
		Name: "linger-zero", Group: "abort", Scenario: "aborting-with-linger-zero",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "its owner aborted it on purpose: SO_LINGER with timeout 0, then close",
		Why: "With that option close() sends RST and drops what was not sent yet (RFC 9293, section 3.10.5). " +
			"Programs that do it: nginx (return 444, reset_timedout_connection), MariaDB at wait_timeout, " +
			"HAProxy to its backends and in health checks.",
		Cure: "Look in the log of the end that sent the RST for the reason of the abort, mostly a time-out or a " +
			"refusal, and mend that. In a program of yours, do not set SO_LINGER to 0: the peer loses data that " +
			"was under way.",
	},
	{
		Name: "listener-closed", Group: "abort", Scenario: "closing-the-listener-before-accept",
		Reasons: []tcp.Reason{"TCP_STATE", "NO_SOCKET"},
		What:    "the listener was closed with connections in its queue",
		Why: "The kernel completes handshakes by itself. When a server stops or restarts, those that it had not " +
			"accepted yet are reset, though their clients had connected.",
		Cure: "Take the server out of the load balancer before it stops and let it accept what is queued, or " +
			"hand the listener over to its successor (socket activation). A client may try again: nothing was " +
			"executed.",
	},
	{
		Name: "left-before-accept", Group: "abort", Scenario: "aborting-before-accept",
		Reasons: []tcp.Reason{"TCP_STATE", "TCP_ABORT_ON_CLOSE"},
		What:    "the client aborted before the server had accepted",
		Why: "Linux hands the connection out all the same; the first read or write finds the reset. BSD has " +
			"accept fail with ECONNABORTED.",
		Cure: "Treat a reset before the first byte as a client that left: close, and go on accepting. If there " +
			"are many, the server accepts too late for its clients' patience: see the accept queue (ss -ltn).",
	},
	{
		Name: "impatient-finish", Group: "abort", Scenario: "finishing-impatiently",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_LINGER", "TCP_ABORT_ON_DATA"},
		What:    "its owner does not want to wait in FIN-WAIT-2 (TCP_LINGER2 below 0)",
		Why: "The kernel sends RST as soon as the FIN is acknowledged. To the peer the stream has ended already: " +
			"it sees EPIPE when it writes, and never ECONNRESET.",
		Cure: "Remove TCP_LINGER2 from that program, or let it close only when it has read the peer's end of the " +
			"stream.",
	},
	{
		Name: "wrote-after-close", Group: "fin", Scenario: "closing-with-data-in-transit",
		Reasons: []tcp.Reason{"TCP_TIMEWAIT_SOCKET", "NO_SOCKET", "TCP_ABORT_ON_DATA"},
		What:    "data came for a connection that its program had closed already",
		Why: "The FIN of the close went first, so that the sender of the data sees a clean end and EPIPE, and " +
			"ECONNRESET never. What it wrote is lost, although write() succeeded.",
		Cure: "Often harmless (a QUIT or close_notify behind a close). Otherwise the writer must look for the " +
			"end of the stream before it sends, and send again on a new connection what has no answer.",
	},
	{
		Name: "quit-pipelined", Group: "fin", Scenario: "quitting",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "a client sent more behind the command that ends the session",
		Why:     "The server closes at QUIT and will not read what follows, so that its close is a RST.",
		Cure:    "Send nothing behind QUIT, and read until the end of the stream before closing.",
	},
	{
		Name: "killed", Group: "process", Scenario: "killing-the-server",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "its process died, by a signal or a crash",
		Why: "The kernel closes what the process had: FIN, or RST where bytes are unread. Connections that wait " +
			"for accept are reset.",
		Cure: "Look for what ended the process: the OOM killer (journalctl -k), an orchestrator's liveness " +
			"check, a crash in its log. Give it a graceful stop that finishes requests before it exits.",
	},
	{
		Name: "held-by-child", Group: "process", Scenario: "forked-child-holds-the-connection",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "a forked child still holds the connection that its parent closed",
		Why: "A connection ends with its last descriptor. Until the child exits nothing happens, then what " +
			"the options say.",
		Cure: "Close inherited descriptors in the child, or open them close-on-exec (SOCK_CLOEXEC).",
	},
	{
		Name: "helper-missing", Group: "process", Scenario: "helper-missing",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "the server could not start the program that does its work",
		Why: "It accepts, authenticates, and ends the session at the first request: with FIN, or RST if the " +
			"client has sent on.",
		Cure: "Look in the server's log for the program that it cannot run and correct its path (sshd: Subsystem " +
			"sftp; else what is in ExecStart, CGI or inetd).",
	},
	{
		Name: "stale-settings", Group: "process", Scenario: "settings-read-at-the-start",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "a daemon still goes by the settings that it read when it started",
		Why: "It turns clients away by rules that the file no longer has. The restart ends every open " +
			"connection.",
		Cure: "Reload the daemon (SIGHUP keeps open connections where it is supported), or restart it when " +
			"few are connected.",
	},
}
