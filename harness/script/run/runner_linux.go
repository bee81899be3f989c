package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
)

// A Runner runs scripts, one after the other, in a network namespace of its own.
// Several Runners may run at the same time.
type Runner struct {
	options   Options
	network   *netlab.Network
	host      *netlab.Host
	processor int
	address   netip.Addr // of all ends
	lanes     *capture.Lanes
	own       bool              // the lanes are the runner's
	loopback  *capture.Loopback // nil before something is recorded
	barrier   int               // a datagram socket that is connected to itself
	idle      []*thread
	pilot     chan func() // on a thread of the same processor
	flies     bool
	landed    chan struct{} // closed when that has ended
	once      sync.Once
	closeErr  error
}

// New starts a runner. An error that wraps netlab.ErrUnavailable says what this
// machine does not allow, and how it would.
func New(options Options) (r *Runner, err error) {
	r = &Runner{options: options, lanes: options.Lanes, barrier: -1, pilot: make(chan func()),
		landed: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start to run scripts: %w", err), r.Close())
			r = nil
		}
	}()
	if r.processor, err = choose(); err != nil {
		return r, err
	}
	if r.network, err = netlab.New(); err != nil {
		return r, err
	}
	if r.host, err = r.network.Host("script"); err != nil {
		return r, err
	}
	r.address = r.addressOf()
	for _, prepare := range []func() error{
		r.host.AcknowledgeAtOnce,
		func() error { return r.host.Pin(r.processor) },
		// What one connection has measured must not change the next one.
		func() error { return r.host.SetSysctl("net.ipv4.tcp_no_metrics_save", "1") },
		r.openBarrier,
		r.startPilot,
	} {
		if err := prepare(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// choose chooses one of the processors that the process may use, by chance, so
// that several runners mostly have one each.
func choose() (int, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return 0, os.NewSyscallError("sched_getaffinity", err)
	}
	var processors []int
	for i := range len(allowed) * int(unsafe.Sizeof(allowed[0])) * 8 {
		if allowed.IsSet(i) {
			processors = append(processors, i)
		}
	}
	return processors[rand.IntN(len(processors))], nil
}

// addressOf is an address of the loopback that nobody else uses: the kernel's
// tracepoints name no namespace, so it tells the runner's connections from all
// others.
func (r *Runner) addressOf() netip.Addr {
	if r.lanes != nil {
		return r.lanes.Address()
	}
	id := r.network.ID()
	return netip.AddrFrom4([4]byte{127, byte(id>>16)%127 + 128, byte(id >> 8), byte(id)%254 + 1})
}

// openBarrier opens the socket of the barrier.
func (r *Runner) openBarrier() (err error) {
	if r.barrier, err = r.host.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0); err != nil {
		return err
	}
	if err = unix.Bind(r.barrier, r.sockaddr(0)); err != nil {
		return os.NewSyscallError("bind", err)
	}
	self, err := unix.Getsockname(r.barrier)
	if err == nil {
		err = unix.Connect(r.barrier, self)
	}
	if err == nil { // nothing loses a datagram to oneself: it is better to fail than to hang
		err = unix.SetsockoptTimeval(r.barrier, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 30})
	}
	return os.NewSyscallError("connect a socket to itself", err)
}

func (r *Runner) sockaddr(port uint16) *unix.SockaddrInet4 {
	return &unix.SockaddrInet4{Addr: r.address.As4(), Port: int(port)}
}

// startPilot starts the thread that gives the others their jobs.
func (r *Runner) startPilot() error {
	ready := make(chan error)
	r.flies = true
	go func() {
		defer close(r.landed)
		runtime.LockOSThread() // for good
		err := pin(r.processor)
		ready <- err
		if err != nil {
			return
		}
		for do := range r.pilot {
			do()
		}
	}()
	return <-ready
}

// Run makes the calls of a script. That the script could not be run to its end
// is in the answer; the error is of the runner, which is of no use any more
// then. When ctx ends the run ends.
func (r *Runner) Run(ctx context.Context, s script.Script) (result Result, err error) {
	bound := r.options.Bound
	if bound == 0 {
		bound = time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("it took longer than %v", bound))
	defer cancel()
	done := make(chan struct{})
	r.pilot <- func() {
		defer close(done)
		result, err = r.run(ctx, s)
	}
	<-done
	return result, err
}

// run runs a script on the pilot's thread.
func (r *Runner) run(ctx context.Context, s script.Script) (Result, error) {
	c := &course{Runner: r, ctx: ctx, ends: map[string]*end{}, ports: map[uint16]string{}, threads: map[script.Actor]*thread{}}
	c.answer.Title = s.Title
	if err := c.record(s); err != nil {
		return Result{}, err
	}
	for _, line := range s.Steps() {
		step, err := c.step(line)
		if err != nil {
			c.answer.Stopped = err.Error()
			break
		}
		c.answer.Steps = append(c.answer.Steps, step)
		if r.options.Line != nil {
			r.options.Line(step)
		}
	}
	c.stillWaiting()
	recording, failed := c.stop()
	err := c.leave()
	return Result{Answer: c.answer, Recording: recording}, errors.Join(err, failed)
}

// take returns a thread without a job.
func (r *Runner) take() (*thread, error) {
	if last := len(r.idle) - 1; last >= 0 {
		t := r.idle[last]
		r.idle = r.idle[:last]
		t.job = nil
		return t, nil
	}
	return startThread(r.processor)
}

// Close gives everything back. No script may be running. Closing once more does
// nothing.
func (r *Runner) Close() error {
	r.once.Do(func() { r.closeErr = r.close() })
	return r.closeErr
}

func (r *Runner) close() error {
	close(r.pilot)
	if r.flies {
		<-r.landed
	}
	for _, t := range r.idle {
		t.end()
		<-t.gone
	}
	var errs []error
	if r.barrier >= 0 {
		errs = append(errs, unix.Close(r.barrier))
	}
	if r.loopback != nil {
		errs = append(errs, r.loopback.Close())
	}
	if r.network != nil {
		errs = append(errs, r.network.Close())
	}
	if r.own {
		errs = append(errs, r.lanes.Close())
	}
	return errors.Join(errs...)
}
