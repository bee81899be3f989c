package causes

import "github.com/resetlab/resetlab/harness/tcp"

// idle are the causes that nothing was said for too long.
var idle = []Cause{
	{
		Name: "idle-timeout", Group: "idle", Scenario: "idle-connection-dropped",
		Reasons: []tcp.Reason{"TCP_STATE", "TCP_ABORT_ON_CLOSE"},
		What:    "the peer, or a proxy in front of it, closed a connection that had been idle for too long",
		Why: "Servers drop idle connections after a time of their own. A request that is sent on a pooled " +
			"connection in that moment crosses the close, and is answered with an end of the stream or a RST.",
		Cure: "Let the end that opens connections drop idle ones earlier than the end that accepts them: the " +
			"client's or proxy's idle time-out must be the shorter (Node: server.keepAliveTimeout above the load " +
			"balancer's). Retry once what may be done twice.",
	},
	{
		Name: "flow-expired", Group: "idle", Scenario: "idle-at-a-firewall",
		What: "a load balancer, firewall or NAT threw the idle connection out of its table",
		Why: "What comes next is dropped, so that both ends time out, or answered with a RST that the other end " +
			"never sent. Azure's load balancer waits 4 minutes, AWS's network load balancer 350 s.",
		Cure: "Enable keepalive with a time below the device's (SO_KEEPALIVE, TCP_KEEPIDLE; for ssh " +
			"ServerAliveInterval), or close connections in the pool before it.",
	},
	{
		Name: "keepalive-gave-up", Group: "idle", Scenario: "keepalive-finds-a-dead-peer",
		Reasons: []tcp.Reason{"TCP_KEEPALIVE_TIMEOUT"},
		What:    "keepalive probes went unanswered",
		Why: "The kernel gives up: ETIMEDOUT at this end, and a RST in case the peer can hear it, to which that " +
			"is a connection reset.",
		Cure: "Find out why the probes or their answers are lost: the peer's machine is down or asleep, or a " +
			"device between has forgotten the connection.",
	},
	{
		Name: "alive-check-failed", Group: "idle", Scenario: "unresponsive-client-dropped",
		What: "the server asked through the protocol whether its client is alive, and got no answer",
		Why: "sshd (ClientAliveInterval × ClientAliveCountMax), RabbitMQ (heartbeat) and others close a " +
			"connection whose other end does not answer, be it stopped, asleep or cut off.",
		Cure: "Look in the server's log for \"Timeout, client not responding\" or \"missed heartbeats\". Find " +
			"out what stopped the client (a blocked event loop, suspend, the network), then adjust the interval.",
	},
}
