package evidence

import "slices"

// counterNames are the counters that tell of resets and of what leads to them
// (Documentation/networking/snmp_counter.rst).
var counterNames = []string{
	"OutRsts", "EstabResets", "AttemptFails",
	"TCPAbortOnClose", "TCPAbortOnData", "TCPAbortOnLinger", "TCPAbortOnTimeout",
	"TCPAbortOnMemory", "TCPAbortFailed",
	"ListenOverflows", "ListenDrops", "EmbryonicRsts",
	"TCPChallengeACK", "TCPSYNChallenge", "TCPTimeWaitOverflow", "TCPKeepAlive",
	"PAWSActive", "SyncookiesFailed", "TCPMD5NotFound",
}

// CounterNames returns the counters that a recording watches.
func CounterNames() []string { return slices.Clone(counterNames) }
