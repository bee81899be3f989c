// Package run makes the calls of scripts on the kernel: raw system calls on raw
// descriptors in a private network namespace, so that nothing but the kernel
// stands between a line and its result.
//
//	r, err := run.New(run.Options{Evidence: true})
//	defer r.Close()
//	scripts, err := script.Parse(`client write "ab"; server read 1; server close`)
//	result, err := r.Run(ctx, scripts[0])
//	fmt.Print(result.Answer.Text())
//	report.Card(os.Stdout, result.Recording, report.CardOptions{})
//
// Each thread of a script is a thread of the system, all of them on one
// processor, whose loopback queue is first in, first out: a datagram to oneself
// behind the segments is a barrier. A line is over when the kernel says the same
// of every end before and after a barrier (TCP_INFO, SIOCINQ), and each thread
// whose call has not returned sleeps in it (/proc/self/task/TID/syscall).
// A proxy between is a process of its own on that processor, which is over with a
// line when all its threads sleep, without a timer. Nothing sleeps to wait for
// that. Linux only; root, or a user namespace.
package run
