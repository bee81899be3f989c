package causes

import "github.com/resetlab/resetlab/harness/tcp"

// lost are the causes that one end is gone or knows the connection no more.
var lost = []Cause{
	{
		Name: "refused", Group: "refused", Scenario: "refusing-a-connection",
		Reasons: []tcp.Reason{"NO_SOCKET"},
		What:    "nobody listens there",
		Why: "The kernel answers the SYN with RST; the client's connect fails with ECONNREFUSED. There never " +
			"was a connection.",
		Cure: "On the server's machine: ss -ltn shows who listens, and on which address (127.0.0.1 is not " +
			"reachable from elsewhere). Start the server, correct the port, or wait until it is ready.",
	},
	{
		Name: "restarted", Group: "crash", Scenario: "peer-forgot-the-connection",
		Reasons: []tcp.Reason{"TCP_FLAGS", "NO_SOCKET"},
		What:    "the peer was restarted, and knows the connection no more",
		Why: "A machine or container that comes back, or a listener that is new, answers the next segment of an " +
			"old connection with RST. A client that only reads sends none and never notices.",
		Cure: "Look for a restart, a failover or a new container at that time. Let clients test pooled " +
			"connections before use, and use keepalive so that those who only read find out.",
	},
	{
		Name: "port-reused", Group: "crash", Scenario: "port-used-again",
		Reasons: []tcp.Reason{"TCP_INVALID_ACK_SEQUENCE"},
		What:    "a new connection came from the port of an old one that the server still held",
		Why: "The server challenges the SYN by an ACK of the old connection, the client resets that, and its " +
			"next SYN gets through. The old connection ends with ECONNRESET.",
		Cure: "Mostly this heals by itself. Where it is frequent the server leaks sockets (ss -t state " +
			"close-wait): close them; or a NAT reuses ports too soon.",
	},
	{
		Name: "address-gone", Group: "crash", Scenario: "removing-the-servers-address",
		What: "the address or interface under the connection is gone",
		Why:  "Nobody is told: both ends send again until they time out, and no RST comes.",
		Cure: "Look for a change of address, interface or route at that time (DHCP, failover, a container that " +
			"was unplugged). Keepalive or TCP_USER_TIMEOUT shortens the wait.",
	},
	{
		Name: "gave-up", Group: "idle", Scenario: "peer-gave-the-connection-up",
		Reasons: []tcp.Reason{"NO_SOCKET"},
		What:    "the other end had given the connection up while the network was interrupted",
		Why: "An end whose data is not acknowledged in time gives up with ETIMEDOUT and sends no RST. When the " +
			"other end speaks again, it is told by one.",
		Cure: "Find the interruption: the other end's log has a time-out earlier. Then compare the times after " +
			"which the ends give up (tcp_retries2, TCP_USER_TIMEOUT, keepalive).",
	},
	{
		Name: "reset-lost", Group: "abort", Scenario: "reset-that-cannot-leave",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "a RST was sent and never arrived",
		Why: "It is sent once. If a firewall drops it, one end is done and the other holds the connection " +
			"until it speaks.",
		Cure: "Compare captures of both ends; look for a firewall rule that drops outgoing RSTs (nstat " +
			"TcpExtTCPAbortFailed counts those that could not leave).",
	},
	{
		Name: "datagram-refused", Group: "datagram", Scenario: "sending-to-a-closed-port",
		What: "a datagram found no socket at its port, and ICMP said so",
		Why: "UDP has no RST. A connected UDP socket gets ECONNREFUSED at its next call on Linux; Windows calls " +
			"it WSAECONNRESET (10054), also on sockets that are not connected.",
		Cure: "See whether the receiver listens. On Windows switch it off for that socket (SIO_UDP_CONNRESET).",
	},
}
