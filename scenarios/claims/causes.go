package claims

// Causes and remedies on the way and in the settings (guide).
const (
	FirewallBlock          ID = "firewall-block"
	IPBanned               ID = "ip-banned"
	HostsDeny              ID = "hosts-deny"
	AllowBeforeDeny        ID = "allow-before-deny"
	StaleSettings          ID = "stale-settings"
	CrashSendsRST          ID = "crash-sends-rst"
	IdleTimeout            ID = "idle-timeout"
	KeepalivePrevents      ID = "keepalive-prevents"
	KeepaliveDeadPeer      ID = "keepalive-dead-peer"
	KeepaliveMustBeEnabled ID = "keepalive-must-be-enabled"
	KeepaliveNoData        ID = "keepalive-no-data"
	HeartbeatRabbitMQ      ID = "heartbeat-rabbitmq"
	PortCheck              ID = "port-check"
	BusyCPU                ID = "busy-cpu"
)

func causes() []Claim {
	return []Claim{
		{ID: FirewallBlock, Document: "guide", Seen: []string{"reset"},
			Says: "a firewall on the route blocks the traffic: connection reset by peer"},
		{ID: IPBanned, Document: "guide", Seen: []string{"reset"},
			Says: "the client's address is banned on the server: connection reset by peer",
			Real: map[string]string{
				"sshd": "ssh tells of the last call on an open connection alone, its write: the read before took the " +
					"error, which is a reset where the ban rejects with RST",
			}},
		{ID: HostsDeny, Document: "guide", Seen: []string{"read: reset"},
			Says: "TCP wrappers deny the host: reading the banner fails with ECONNRESET"},
		{ID: AllowBeforeDeny, Document: "guide", Seen: []string{"allowed"},
			Says: "hosts.allow is applied before hosts.deny"},
		{ID: StaleSettings, Document: "guide", Seen: []string{"reset by the old rule, served after the restart"},
			Says: "a daemon goes on by its old settings until it is restarted"},
		{ID: CrashSendsRST, Document: "guide", Seen: []string{"read: reset"},
			Says: "a crashing end sends RST instead of FIN"},
		{ID: IdleTimeout, Document: "guide", Seen: []string{"read: finished", "read: reset", "read: gave-up", "read: timed-out"},
			Says: "something with a low timeout drops idle connections"},
		{ID: KeepalivePrevents, Document: "guide", Seen: []string{"outlived the timeout"},
			Says: "keepalive probes or heartbeats keep idle connections from being dropped"},
		{ID: KeepaliveDeadPeer, Document: "guide", Seen: []string{"read: timed-out after time + probes × interval"},
			Says: "keepalive drops a dead peer after time + probes × interval"},
		{ID: KeepaliveMustBeEnabled, Document: "guide", Seen: []string{"off until enabled"},
			Says: "the system's keepalive settings do nothing unless the program enables keepalive"},
		{ID: KeepaliveNoData, Document: "guide", Seen: []string{"0 bytes, answered by ACK"},
			Says: "a keepalive probe carries no data and is answered by a plain ACK"},
		{ID: HeartbeatRabbitMQ, Document: "guide", Seen: []string{"outlived the timeout"},
			Says: "a heartbeat timeout makes traffic at half of it, which keeps the connection from being dropped"},
		{ID: PortCheck, Document: "guide", Seen: []string{"open", "refused", "filtered"},
			Says: "checking a port tells whether it is open, refused or filtered"},
		{ID: BusyCPU, Document: "guide", Seen: []string{"read: reset", "connect: reset"},
			Says: "a busy system triggers resets"},
	}
}
