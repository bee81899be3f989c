package causes

import "github.com/resetlab/resetlab/harness/tcp"

// between are the causes that lie in a device or a proxy between the ends.
var between = []Cause{
	{
		Name: "firewall-rejects", Group: "middlebox", Scenario: "firewall-on-the-way",
		What: "a firewall on the way rejects, with a RST in the name of the other end or with ICMP",
		Why: "The peer's kernel has sent no RST and still believes in the connection, until it writes. A connect " +
			"that is rejected looks as if nobody listened.",
		Cure: "Capture at both ends: a RST that arrives and was never sent comes from between (its TTL and IP id " +
			"differ). Then look at the rules of the firewalls on the way, those of both machines included.",
	},
	{
		Name: "firewall-drops", Group: "middlebox", Scenario: "checking-a-filtered-port",
		What: "a firewall on the way drops in silence",
		Why: "Neither a RST nor ICMP comes. A connect gives up after its retries, an open connection with " +
			"ETIMEDOUT.",
		Cure: "Capture at the server: a SYN that never arrives was dropped before it. Look at security groups " +
			"and firewalls for this port and direction.",
	},
	{
		Name: "banned", Group: "middlebox", Scenario: "banned-address",
		What: "the server's machine has banned the client's address (fail2ban and the like)",
		Why: "A rule at input rejects or drops whatever comes from that address, on open connections too. The " +
			"server's program sees nothing.",
		Cure: "From another address it works? Then lift the ban on the server (fail2ban-client status, then " +
			"unban; nft list ruleset), and mend what failed often enough to earn it.",
	},
	{
		Name: "hosts-deny", Group: "unread", Scenario: "denied-by-tcp-wrappers",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "TCP wrappers on the server deny the client's host",
		Why: "The daemon is asked once the connection is made, and closes. The client sees a reset if its banner " +
			"lay unread, otherwise the end of the stream.",
		Cure: "On the server look into /etc/hosts.allow (it is searched first) and /etc/hosts.deny, and in the " +
			"log for \"refused connect from\". OpenSSH has no TCP wrappers since 6.7 unless the distribution " +
			"added them.",
	},
	{
		Name: "forged", Group: "middlebox", Scenario: "reset-forged-on-the-way",
		What: "somebody on the way forged the RST",
		Why: "Whoever sees the segments pass knows their numbers: censors, intrusion prevention, tcpkill. The " +
			"alleged sender has sent none.",
		Cure: "Compare TTL, IP id and window of the RST with the other segments of that end, and capture at both " +
			"ends. Then ask who runs the device; through a tunnel the RST stays away.",
	},
	{
		Name: "icmp-unreachable", Group: "middlebox", Scenario: "icmp-on-an-open-connection",
		What: "an ICMP message said that there is no way",
		Why: "It ends an attempt to connect. An open connection takes it as a hint, and reports it only if it " +
			"times out: \"connection refused\" in the middle of one, and no RST on the wire.",
		Cure: "Capture icmp together with tcp: who sent the message knows why. Look at the routes and reject " +
			"rules there.",
	},
	{
		Name: "nat-forgot", Group: "middlebox", Scenario: "nat-forgot-the-connection",
		Reasons: []tcp.Reason{"NO_SOCKET"},
		What:    "a NAT or load balancer forgot the connection (restart, failover, idleness)",
		Why: "It no longer translates the segments: they end at the router or reach the client from an address " +
			"that it does not know, and a TCP that did nothing wrong answers with RST.",
		Cure: "Look for a restart or failover of the NAT, or a full table (nf_conntrack: table full, in dmesg). " +
			"Keepalive below its idle time keeps entries alive.",
	},
	{
		Name: "nat-passed-invalid", Group: "middlebox", Scenario: "nat-passes-invalid-segments",
		Reasons: []tcp.Reason{"NO_SOCKET", "TCP_FLAGS"},
		What:    "a NAT passed a segment on untranslated, because connection tracking called it invalid",
		Why: "The client gets a segment of a connection that it does not know and resets it, and the server " +
			"resets the client's connection in turn (kubernetes/kubernetes#74839).",
		Cure: "On the machine that translates: drop what is invalid (nft: ct state invalid drop), or set " +
			"net.netfilter.nf_conntrack_tcp_be_liberal=1.",
	},
	{
		Name: "health-check", Group: "probe", Scenario: "health-check",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "a health check or port scan connected and aborted without a word",
		Why: "A layer-4 check has what it wants when the handshake is done, and resets. The server accepts, " +
			"and its first read fails.",
		Cure: "Treat a reset before the first byte as a probe: no error in the log, and serve on. Or let the " +
			"checker close with FIN or speak the protocol; TCP_DEFER_ACCEPT hides such probes.",
	},
	{
		Name: "upstream-refuses", Group: "proxy", Scenario: "refused-behind-a-proxy",
		What: "a proxy or load balancer accepted, and nobody listens behind it",
		Why: "Its handshake with the client is done, so that it cannot refuse any more: all that is left is a " +
			"RST or a FIN.",
		Cure: "Connect to the backend directly from the proxy's machine; start it, or correct the proxy's " +
			"upstream. In Kubernetes and Docker: does the port that is published match the one that the process " +
			"listens on?",
	},
	{
		Name: "proxy-hid-it", Group: "proxy", Scenario: "proxy-launders-resets",
		What: "a proxy turned a reset on one side into a clean end on the other",
		Why: "A proxy has two connections and chooses how the second one ends. The end of the stream that the " +
			"client sees may be a reset.",
		Cure: "Look into the proxy's log for the other side, or capture there. Clients must take an end in the " +
			"middle of a message for an error.",
	},
	{
		Name: "half-close-lost", Group: "proxy", Scenario: "proxy-loses-the-half-close",
		What: "a proxy answered a half-close by closing both directions",
		Why: "A client that says \"I have sent everything\" by shutdown(SHUT_WR) loses the way back for its " +
			"answer.",
		Cure: "Do not half-close through such a proxy (nc -N, HTTP clients that shut down): mark the end of the " +
			"request in the protocol.",
	},
	{
		Name: "cut-mid-reply", Group: "proxy", Scenario: "retrying-after-a-reset",
		What: "the connection was cut after the request was sent and before its reply was complete",
		Why: "The client cannot know whether the request was executed: a lost request and a lost reply look the " +
			"same. Trying again may do the work twice.",
		Cure: "Retry only what may be done twice, or let the server recognise a repetition (an idempotency key). " +
			"'resetlab audit' shows what your client does there.",
	},
}
