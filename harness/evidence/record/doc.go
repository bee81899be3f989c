// Package record records the run of a lab: it joins the lab's hosts and journal
// with the sources of package capture on one time line, and has package
// diagnose say of each RST who sent it and why.
//
// The two sides of a NAT are found by their sequence numbers and shown as the
// one connection that they are: [evidence.Flow].
//
//	lanes := capture.Open() // once: it takes tens of milliseconds
//	defer lanes.Close()
//	l, err := lab.NewAt(lanes.Address())
//	recorder, err := record.Start(l, "a server closes with unread data", record.Options{Lanes: lanes})
//	...
//	err = l.Close() // everything is over
//	recording, err := recorder.Stop()
//	err = recording.Write(file)
//
// Hosts of a netlab are recorded in their own namespaces, which needs no
// privilege; the kernel's events need root.
package record
