// Package capture has the sources that facts about connections stream from:
//
//	packets       the segments of a namespace, of one address in it, or of all (AF_PACKET)
//	kernel        socket states, and why a RST was sent (tracefs, of the whole machine)
//	counters      what the kernel counted in a namespace (/proc/net/snmp, netstat)
//	calls         what applications called, as far as somebody notes it: a [Feed]
//
// A [Stream] hands facts over as they come. Each is bounded, counts what it
// lost, and says in its [Status] when it saw all that happened: nothing follows
// from what a source does not show while it was not whole.
//
//	lanes := capture.Open() // once: it takes tens of milliseconds
//	defer lanes.Close()
//	segments, err := lanes.Segments(address)
//	for {
//		some, err := segments.Next(ctx)
//		...
//	}
//	rest, status, err := segments.Close()
//
// What the sources need: packets CAP_NET_RAW in the namespace, the kernel's
// events root on the machine, counters nothing.
package capture
