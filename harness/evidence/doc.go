// Package evidence records what really happened in a run, on one time line
// from four lanes:
//
//	calls     what each end called and got, from the lab's journal
//	wire      every segment of the run's connections (AF_PACKET)
//	kernel    socket states, and why a RST was sent (tracepoints)
//	counters  what the kernel counted (/proc/net/snmp, /proc/net/netstat)
//
// A lane that a machine does not give is named in [Recording.Missing]; the
// [Level] says what the rest is worth. For each RST the recording answers who
// sent it, why, and what was lost: see [Reset].
package evidence
