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
		{ID: ServerBusy, Document: "guide", Seen: []string{"reset"},
			Says: "the server has too many connections: new ones are reset"},
		{ID: MaxStartups, Document: "guide", Seen: []string{"dropped 30 % at 10, 65 % at 55, all at 100"},
			Says: "MaxStartups 10:30:100 drops 30 % from 10 unauthenticated connections on, rising to all at 100"},
		{ID: MaxStartupsPeriod, Document: "guide", Seen: []string{"counts by period, refuses"},
			Says: "MaxStartups counts connections accepted in a period, and more may be refused"},
		{ID: FDLimit, Document: "guide", Seen: []string{"new ones hang, idle ones are dropped"},
			Says: "at the open-files limit new connections have trouble and idle ones are dropped"},
		{ID: ClientAlive, Document: "guide", Seen: []string{"dropped after the last unanswered message"},
			Says: "ClientAliveInterval × ClientAliveCountMax ends an unresponsive client"},
		{ID: TLSMismatch, Document: "guide", Seen: []string{"no session"},
			Says: "one end speaks TLS and the other does not: the connection cannot be made"},
		{ID: BadCertificate, Document: "guide", Seen: []string{"no session"},
			Says: "malformed or wrong certificates or keys end the connection"},
		{ID: MissingHelper, Document: "guide", Seen: []string{"accepted, ended at the first request"},
			Says: "the server's helper program is missing: authenticated, then closed"},
		{ID: Zombies, Document: "guide", Seen: []string{"no new process, connections suffer"},
			Says: "unreaped children fill the process table and connections suffer"},
		{ID: ScriptBug, Document: "guide", Seen: []string{"write: reset", "read: reset"},
			Says: "a bug in a program that closes early resets the connection"},
		{ID: QuitCommand, Document: "guide", Seen: []string{"the server closed"},
			Says: "quit and close commands of a protocol make the server close"},
	}
}
