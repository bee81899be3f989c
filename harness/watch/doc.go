// Package watch explains the resets of the machine that it runs on, as they
// happen: who sent each, why, what was lost, and what cures it.
//
//	source ──▶ Event ──▶ engine and catalogue ──▶ Diagnosis ──▶ Summary
//	eBPF, tracefs,       of cards and captures
//	counters
//
// A [Watcher] joins the two ends of a reset where both are on this machine, and
// asks who holds the sockets. What it holds is bounded, and what it could not
// take is counted. [Start] watches so in the background of a test.
//
//	w, err := watch.Open(watch.Options{})
//	defer w.Close()
//	for {
//		some, err := w.Next(ctx) // and show them
//	}
//
// It is there on Linux. The source "ebpf" takes 5.12 with BTF, CAP_BPF and
// CAP_PERFMON, and tells reasons from 6.12 on; "tracefs" takes root, and says
// less; "counters" takes nothing, and only counts.
package watch
