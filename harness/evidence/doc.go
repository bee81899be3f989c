// Package evidence records what really happened in a run, on one time line
// from four lanes:
//
//	calls     what each end called and got, from the lab's journal
//	wire      every segment of the run's connections (AF_PACKET)
//	kernel    socket states, and why a RST was sent (tracepoints)
//	counters  what the kernel counted (/proc/net/snmp, /proc/net/netstat)
//
// The two sides of a NAT are found by their sequence numbers and shown as the
// one connection that they are: [Flow.NAT].
//
// A lane that a machine does not give is named in [Recording.Missing]; the
// [Level] says what the rest is worth. For each RST the recording answers who
// sent it, why, and what was lost: see [Reset].
//
//	lanes := evidence.Open() // once: it takes tens of milliseconds
//	defer lanes.Close()
//	l, err := lab.NewAt(lanes.Address())
//	recorder, err := evidence.Start(l, "a server closes with unread data", evidence.Options{Lanes: lanes})
//	...
//	err = l.Close() // everything is over
//	recording, err := recorder.Stop()
//	err = recording.Write(file)
//
// Hosts of a netlab are recorded in their own namespaces, which needs no
// privilege; the kernel lane needs root.
package evidence
