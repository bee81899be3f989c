package claims

// Causes and remedies in servers and programs (guide).
const (
	ServerBusy        ID = "server-busy"
	MaxStartups       ID = "max-startups"
	MaxStartupsPeriod ID = "max-startups-period"
	FDLimit           ID = "fd-limit"
	ClientAlive       ID = "client-alive"
	TLSMismatch       ID = "tls-mismatch"
	BadCertificate    ID = "bad-certificate"
	MissingHelper     ID = "missing-helper"
	Zombies           ID = "zombies"
	ScriptBug         ID = "script-bug"
	QuitCommand       ID = "quit-command"
)

func daemons() []Claim {
	return []Claim{
		{ID: ServerBusy, Document: "guide", Seen: []string{"read: reset", "connect: reset"},
			Says: "the server has too many connections: new ones are reset",
			Real: map[string]string{
				"postgres": "PostgreSQL's process for the connection reads the client's first message, says why it does not " +
					"serve it and exits: nothing is unread",
				"vsftpd": "vsftpd says why and shuts its half down before it closes: the client reads the end of the " +
					"stream, though RST follows where its bytes are unread",
			}},
		{ID: MaxStartups, Document: "guide", Seen: []string{"dropped about 30 % at 10, about 65 % at 55, 20 of 20 at 100"},
			Says: "MaxStartups 10:30:100 drops 30 % from 10 unauthenticated connections on, rising to all at 100"},
		{ID: MaxStartupsPeriod, Document: "guide", Seen: []string{"connect: refused, counted by period"},
			Says: "MaxStartups counts connections accepted in a period, and more may be refused"},
		{ID: FDLimit, Document: "guide", Seen: []string{"new ones are served, idle ones are dropped"},
			Says: "at the limit of open files a new connection makes the server drop idle ones"},
		{ID: ClientAlive, Document: "guide", Seen: []string{"3 messages unanswered, then read: finished"},
			Says: "sshd drops a client that leaves ClientAliveCountMax (3) messages unanswered"},
		{ID: TLSMismatch, Document: "guide", Seen: []string{"no session"},
			Says: "one end speaks TLS and the other does not: the connection cannot be made"},
		{ID: BadCertificate, Document: "guide", Seen: []string{"no session"},
			Says: "malformed or wrong certificates or keys end the connection"},
		{ID: MissingHelper, Document: "guide", Seen: []string{"accepted, ended at the first request"},
			Says: "the server's helper program is missing: authenticated, then closed"},
		{ID: Zombies, Document: "guide", Seen: []string{"4 of 6 without a process, then read: reset"},
			Says: "unreaped children fill the process table and connections suffer"},
		{ID: ScriptBug, Document: "guide", Seen: []string{"write: reset", "read: reset"},
			Says: "a bug in a program that closes early resets the connection"},
		{ID: QuitCommand, Document: "guide", Seen: []string{"close: closed"},
			Says: "quit and close commands of a protocol make the server close"},
	}
}
