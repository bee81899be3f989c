// Package flows tells the TCP connections of a capture apart, and keeps of each
// what a diagnosis needs: the first and the last segments, and sums of those
// between.
//
//	segments of a capture ──▶ Tracker ──▶ a Flow for each connection, when it is over
//	ICMP errors about them ─┘
//
// Ports that are used again begin a new connection, sequence numbers may wrap,
// and a segment that was captured more than once on its way through a machine
// counts once. What a [Tracker] keeps is bounded, whatever comes: see [Limits].
//
// The package is pure: it makes no system call, and builds for a browser.
package flows
