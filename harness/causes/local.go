package causes

import "github.com/resetlab/resetlab/harness/tcp"

// local are the causes that lie at the end that has the error.
var local = []Cause{
	{
		Name: "own-close", Group: "local", Scenario: "closing-ones-own-socket",
		What: "this program closed the connection itself and went on using it",
		Why:  "The error is no word from the network: the peer has no part in it.",
		Cure: "Look in this program for the close (a time-out, a cancelled context, a shutdown) and for the " +
			"thread or goroutine that still used the connection.",
	},
	{
		Name: "own-shutdown", Group: "local", Scenario: "writing-after-own-shutdown",
		What: "this program wrote after it had shut its own sending side down",
		Why:  "Behind shutdown(SHUT_WR) every write gets EPIPE, with the peer alive and no RST anywhere.",
		Cure: "Write before the shutdown; look for who half-closes the connection too early.",
	},
	{
		Name: "shutdown-then-data", Group: "local", Scenario: "data-after-shutdown",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_DATA"},
		What:    "data came for a socket that was shut down in both directions",
		Why: "Nobody is left to read it. The kernel sends RST, and the socket that sent it has the error as " +
			"well.",
		Cure: "Shut down only the sending direction, read until the end of the stream, then close.",
	},
	{
		Name: "disconnected", Group: "local", Scenario: "dissolving-ones-own-connection",
		Reasons: []tcp.Reason{"TCP_STATE", "TCP_DISCONNECT_WITH_DATA"},
		What:    "its owner dissolved the connection: connect() with AF_UNSPEC",
		Why:     "A RST goes out, unsent data is lost, and the own socket gets the error of a RST, too.",
		Cure:    "Look for who connects with AF_UNSPEC (a library that reuses sockets): close the socket instead.",
	},
	{
		Name: "destroyed", Group: "local", Scenario: "destroying-a-socket",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "somebody destroyed the socket from outside its program (ss -K)",
		Why:     "The owner gets ECONNABORTED, which nothing else gives it on Linux, and the peer a RST.",
		Cure: "Look for what acts on sockets of that machine: an administrator with ss -K, a security agent, a " +
			"network plug-in that ends connections of a service it has moved (Android does so when the network " +
			"changes).",
	},
}
