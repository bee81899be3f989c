package run

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// A thread is a thread of the system that makes the calls of one thread of a
// script, one at a time.
type thread struct {
	id     int
	status *os.File // /proc/self/task/TID/syscall
	work   chan *job
	gone   chan struct{} // closed when it has ended
	job    *job          // the one that it was given last; nil before the first
}

// A job is one system call, or several that do not wait.
type job struct {
	number uintptr // of the system call that it may sleep in
	do     func() script.Result
	result script.Result
	over   atomic.Bool
	done   chan struct{} // closed when over is set
}

func newJob(number uintptr, do func() script.Result) *job {
	return &job{number: number, do: do, done: make(chan struct{})}
}

// startThread starts a thread on a processor.
func startThread(processor int) (*thread, error) {
	t := &thread{work: make(chan *job), gone: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(t.gone)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := t.settleIn(processor)
		ready <- err
		if err != nil {
			return
		}
		defer t.status.Close()
		for j := range t.work {
			j.result = j.do()
			j.result.SIGPIPE = takeSIGPIPE()
			j.over.Store(true)
			close(j.done)
		}
	}()
	return t, <-ready
}

// settleIn pins the thread and keeps SIGPIPE from being handled: it stays
// pending for the thread whose write raised it (signal(7)), where it is found.
func (t *thread) settleIn(processor int) (err error) {
	if err := pin(processor); err != nil {
		return err
	}
	set := sigset(unix.SIGPIPE)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil); err != nil {
		return os.NewSyscallError("pthread_sigmask", err)
	}
	t.id = unix.Gettid()
	t.status, err = os.Open(fmt.Sprintf("/proc/self/task/%d/syscall", t.id))
	return err
}

// pin has the calling thread run on one processor.
func pin(processor int) error {
	var only unix.CPUSet
	only.Set(processor)
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &only))
}

func sigset(signal unix.Signal) (set unix.Sigset_t) {
	bits := 8 * int(unsafe.Sizeof(set.Val[0]))
	set.Val[(int(signal)-1)/bits] |= 1 << ((int(signal) - 1) % bits)
	return set
}

// takeSIGPIPE says whether the calling thread has been sent the signal, which is
// not pending any more then (sigtimedwait(2)).
func takeSIGPIPE() bool {
	set := sigset(unix.SIGPIPE)
	var now unix.Timespec
	const kernelSet = 8 // bytes of a set of signals in the kernel
	signal, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)), 0,
		uintptr(unsafe.Pointer(&now)), kernelSet, 0, 0)
	return errno == 0 && unix.Signal(signal) == unix.SIGPIPE
}

// begin gives the thread a job.
func (t *thread) begin(j *job) {
	t.job = j
	t.work <- j
}

// waits says whether the thread has a job that is not over.
func (t *thread) waits() bool { return t.job != nil && !t.job.over.Load() }

// asleep says whether the thread sleeps in the system call of its job: it waits
// there for something that has not come. A thread that has been woken, or that
// has not got as far, is "running", or in another call (proc_pid_syscall(5)).
func (t *thread) asleep() (bool, error) {
	var text [128]byte
	n, err := unix.Pread(int(t.status.Fd()), text[:], 0)
	if err != nil {
		return false, os.NewSyscallError("read the thread's system call", err)
	}
	number, _, _ := strings.Cut(string(text[:n]), " ")
	return number == strconv.FormatUint(uint64(t.job.number), 10), nil
}

// end lets the thread end, which it does when it has no job.
func (t *thread) end() { close(t.work) }
