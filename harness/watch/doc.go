// Package watch explains the resets of the machine that it runs on, as they
// happen: who sent each, why, what was lost, and what cures it.
//
//	source ──▶ Event ──▶ engine and catalogue ──▶ Diagnosis ──▶ Summary
//	eBPF, tracefs        of cards and captures
//
// A [Watcher] joins the two ends of a reset where both are on this machine, and
// asks who holds the sockets. What it holds is bounded; what it could not take it
// counts.
//
//	w, err := watch.Open(watch.Options{})
//	defer w.Close()
//	for {
//		some, err := w.Next(ctx)
//		...
//	}
//
// It is there on Linux. The source "ebpf" takes 5.11 with BTF, CAP_BPF and
// CAP_PERFMON, and tells reasons from 6.12 on; "tracefs" takes root, and says
// less.
package watch
