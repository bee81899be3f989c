package causes

import "slices"

// deadSession are pointers to what ends a connection of a pool to a database or
// a broker.
var deadSession = []Pointer{
	{"idle-timeout", Likely, "the connection had been idle: the server's, a pooler's or a proxy's idle time-out is " +
		"shorter than the pool's"},
	{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
	{"restarted", Possible, "the server was restarted or failed over then"},
	{"killed", Possible, "the server's process of this session died, or an administrator ended it: see its log"},
}

var settleSession = []string{
	"The server's log for that second: did it end the session, or does it say that the client went?",
	"How long had the connection been idle? The same span each time is a time-out's.",
}

// databases are the words of clients of databases and brokers.
var databases = []Phrase{
	{
		Words: []string{"An I/O error occurred while sending to the backend", "This connection has been closed",
			"PSQLException: The connection attempt failed"},
		Wraps: true, Of: "PostgreSQL's JDBC driver", Known: "pgjdbc: QueryExecutorImpl, PgConnection",
		Sure: "The connection to the database could not be used: the exception behind \"Caused by\" says how. " +
			"Despite \"sending\" the same words stand for a reply that did not come, so that the statement may have " +
			"been executed.",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"PQconsumeInput() could not receive data from server: Connection reset by peer",
			"could not receive data from server: Connection reset by peer"},
		Of: "PostgreSQL's clients (libpq)", Ending: "reset", Known: "PostgreSQL: src/interfaces/libpq/fe-secure.c",
		Sure: "A RST ended the connection to the database, and a read took the error. A statement that was under " +
			"way may have been executed.",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"tcp recv: closed", "tcp recv (idle): closed", "tcp send: closed", "ssl recv: closed",
			"ssl recv (idle): closed", "ssl send: closed"},
		Of: "Elixir (DBConnection: Postgrex, MyXQL)", Known: "db_connection: connection_error.ex; Erlang/OTP: inet:setopts/2, show_econnreset",
		Sure: "The connection to the database had ended. Erlang says \"closed\" of a FIN and of a RST alike, unless the " +
			"option show_econnreset is set. \"(idle)\" is a connection of the pool that nobody was using: nothing is lost.",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"terminating connection due to idle-session timeout",
			"terminating connection due to idle-in-transaction timeout"},
		Of: "PostgreSQL", Ending: "finished", Known: "PostgreSQL: src/backend/tcop/postgres.c, error codes 57P05, 25P03",
		Sure: "The server ended the session by a time-out of its own (idle_session_timeout, " +
			"idle_in_transaction_session_timeout), said so, and sent FIN. An open transaction is rolled back.",
		Points: []Pointer{{"idle-timeout", Likely, "always"}},
		Settle: []string{"SHOW idle_session_timeout; compare it with the pool's idle time."},
	},
	{
		Words: []string{"terminating connection due to administrator command", "due to administrator command"},
		Of:    "PostgreSQL", Ending: "finished", Known: "measured: PostgreSQL 15.18; error code 57P01",
		Sure: "The server ended the session because somebody asked for that, said so, and sent FIN: " +
			"pg_terminate_backend(), or a shutdown or restart of the server. An open transaction is rolled back.",
		Points: []Pointer{
			{"killed", Likely, "this session alone: pg_terminate_backend(), also by a pooler or a failover tool"},
			{"restarted", Possible, "all sessions at once: the server was shut down"},
		},
		Settle: []string{"The server's log for that second: \"received fast shutdown request\", or nothing but this line."},
	},
	{
		Words: []string{"connection to server was lost"},
		Of:    "psql", Known: "measured: PostgreSQL 15.18; psql: common.c",
		Sure: "psql's connection ended while or before it executed a statement, and it was not told to connect anew. The " +
			"lines before say why: a FATAL is the server's own word.",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"Closing idle client"},
		Of:    "Redis' log", Ending: "finished", Known: "measured: Redis 7.0.15 at loglevel verbose; server.c, clientsCron",
		Sure:   "Redis closed a client that had said nothing for \"timeout\" seconds. To the client it is a FIN; what it sends then is answered with RST.",
		Points: []Pointer{{"idle-timeout", Likely, "always"}},
		Settle: []string{"CONFIG GET timeout; compare it with the pool's idle time."},
	},
	{
		Words: []string{"ConnectionDoesNotExistError: connection was closed in the middle of operation",
			"connection was closed in the middle of operation"},
		Of: "asyncpg", Known: "asyncpg: protocol.pyx",
		Sure: "The connection to the database ended under a statement, which may have been executed. The words do " +
			"not tell a FIN from a RST.",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"ORA-03113", "ORA-03135", "ORA-12537", "ORA-12547", "end-of-file on communication channel"},
		Of:    "Oracle's clients", Known: "Oracle's error messages",
		Sure: "The connection to the database ended: ORA-03113 and 03135 on an open session (\"end-of-file\" is also " +
			"said of a RST), ORA-12537 and 12547 while connecting. A statement under way may have been executed.",
		Points: slices.Concat(deadSession, []Pointer{
			{"hosts-deny", Possible, "ORA-12537 or 12547: the listener's valid-node checking refuses this address"},
			{"process-limit", Possible, "ORA-12537 or 12547: the listener could not start a process"}}),
		Settle: settleSession,
	},
	{
		Words: []string{"MongoNetworkError", "MongoServerSelectionError", "MongoSocketReadException",
			"MongoSocketWriteException", "Prematurely reached end of stream"},
		Wraps: true, Of: "MongoDB's drivers", Known: "MongoDB's drivers for Node.js and Java",
		Sure: "The connection to the database ended or could not be made; the words behind it say how: " +
			"\"ECONNRESET\" a RST, \"closed\" and \"end of stream\" an end that may be either. Drivers repeat reads and " +
			"single writes once by themselves (retryReads, retryWrites).",
		Points: deadSession, Settle: settleSession,
	},
	{
		Words: []string{"Error while reading from socket", "Error while reading from … redis",
			"Error while writing to socket", "Error while reading line from the server",
			"Error while writing bytes to the server", "Connection closed by server", "Redis server went away",
			"read error on connection to"},
		Of: "Redis clients (redis-py, Predis, phpredis)", Known: "redis-py: connection.py; Predis: StreamConnection; phpredis; measured: Redis 7.0.15 closes with FIN",
		Sure: "The connection to Redis ended. \"Connection closed by server\" is the end of the stream; otherwise the " +
			"number beside it tells: 104 a RST, 32 a write after the end, 110 a time-out. A command that was sent may " +
			"have been executed.",
		Points: []Pointer{
			{"idle-timeout", Likely, "Redis' \"timeout\" setting, or a proxy's, is shorter than the pool's"},
			{"killed", Possible, "Redis was killed, or CLIENT KILL or the output buffer's limit ended the client"},
			{"unread", Possible, "right after connecting: Redis is at maxclients, and a RST may have hidden its word"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
			{"restarted", Possible, "Redis was restarted or failed over"},
		},
		Settle: []string{"CONFIG GET timeout against the client's idle time; Redis' log for that second; INFO clients, CLIENT LIST."},
	},
	{
		Words: []string{"org.apache.kafka.common.errors.DisconnectException", "Bootstrap broker … disconnected",
			"Node … disconnected", "Disconnected from node"},
		Of: "Kafka's clients", Known: "Kafka: NetworkClient",
		Sure: "The connection to a broker ended; the words do not tell a FIN from a RST, nor a refusal. An idle " +
			"connection's end is normal and repaired by itself; a produce request under way is sent again, which " +
			"only enable.idempotence keeps from being stored twice.",
		Points: []Pointer{
			{"idle-timeout", Likely, "connections.max.idle.ms of the broker (10 min) or of a proxy"},
			{"plain-to-tls", Possible, "each time: the listener is one for TLS (security.protocol)"},
			{"restarted", Possible, "the broker was restarted: rolling updates"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between"},
		},
		Settle: []string{"The broker's log for that second, and for which listener; does it come at start, or after " +
			"idle time?"},
	},
	{
		Words: []string{"client unexpectedly closed TCP connection"},
		Of:    "RabbitMQ's log", Known: "RabbitMQ: rabbit_reader",
		Sure: "The client's connection ended without Connection.Close: a FIN, a RST or an error of the socket. " +
			"Unacknowledged deliveries go back to their queue.",
		Points: []Pointer{
			{"left-early", Likely, "the client's program ended or was killed without closing"},
			{"health-check", Possible, "regularly, before a handshake: a load balancer's check"},
			{"flow-expired", Possible, "there is a NAT, firewall or load balancer between, and heartbeats are off"},
		},
		Settle: []string{"Does the log name a user and a client before it? Without them it is a check or a scan."},
	},
	{
		Words: []string{"Can't contact LDAP server"},
		Of:    "LDAP clients", Known: "OpenLDAP: libldap, LDAP_SERVER_DOWN (-1), JNDI 81",
		Sure: "The connection to the directory ended or could not be made, also in TLS' handshake; the words do not " +
			"tell which.",
		Points: []Pointer{
			{"idle-timeout", Likely, "it worked before and the connection was idle (OpenLDAP idletimeout, Active " +
				"Directory MaxConnIdleTime 900 s)"},
			{"refused", Possible, "it never worked: nobody listens"},
			{"bad-certificate", Possible, "ldaps or StartTLS: the certificate is not accepted"},
			{"firewall-drops", Possible, "it takes long until the error comes"},
		},
		Settle: []string{"ldapsearch -d 1 shows how far it comes."},
	},
}
