package capture

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Lanes are what a process records with: its capture of the loopback and its
// trace instance. Opening and closing them takes tens of milliseconds, for
// which the kernel waits until all its processors have noticed; so they are
// opened once and lent to every recording. While nothing is recorded they take
// nothing. They may be used by several goroutines at the same time.
type Lanes struct {
	wire     *packetSocket // nil if it is missing
	kernel   *tracer       // nil if it is missing
	counters bool
	asked    []evidence.Lane // empty: all
	missing  []evidence.MissingLane
	leaving  chan io.Closer // captures of namespaces that nobody needs any more
	left     sync.WaitGroup
	labs     atomic.Uint32 // how many addresses have been given out
}

// errNotAsked says that a lane was left out on request.
var errNotAsked = errors.New("it was not asked for")

// Open opens the lanes named, or all if none is. One that this machine does
// not give is in [Lanes.Missing]; that is no error.
func Open(lanes ...evidence.Lane) *Lanes {
	l := &Lanes{asked: lanes, leaving: make(chan io.Closer)}
	for range leavers {
		l.left.Go(l.leave)
	}
	err := errNotAsked
	if l.Asks(evidence.Wire) {
		l.wire, err = openWire(l.collect)
	}
	l.miss(evidence.Wire, err)
	err = errNotAsked
	if l.Asks(evidence.Kernel) {
		l.kernel, err = openKernel()
	}
	l.miss(evidence.Kernel, err)
	err = errNotAsked
	if l.Asks(evidence.Counters) {
		_, err = ReadCounters()
		l.counters = err == nil
	}
	l.miss(evidence.Counters, err)
	return l
}

// Asks says whether a lane was asked for.
func (l *Lanes) Asks(lane evidence.Lane) bool {
	return len(l.asked) == 0 || slices.Contains(l.asked, lane)
}

// Has says whether a lane was asked for and is there.
func (l *Lanes) Has(lane evidence.Lane) bool {
	switch lane {
	case evidence.Wire:
		return l.wire != nil
	case evidence.Kernel:
		return l.kernel != nil
	case evidence.Counters:
		return l.counters
	}
	return l.Asks(lane)
}

// Segments streams the segments from and to an address of the loopback, all if
// it is not valid. Without the lane it fails.
func (l *Lanes) Segments(of netip.Addr) (*Stream[evidence.Segment], error) {
	if l.wire == nil {
		return nil, l.why(evidence.Wire)
	}
	return l.wire.follow(of, false)
}

// KernelEvents streams what the kernel says of the sockets of the whole machine,
// or, unless it is nil, only of those that have one of these addresses at either
// end. Without the lane it fails.
func (l *Lanes) KernelEvents(of *Addresses) (*Stream[KernelEvent], error) {
	if l.kernel == nil {
		return nil, l.why(evidence.Kernel)
	}
	return l.kernel.follow(of)
}

// why says why a lane is missing.
func (l *Lanes) why(lane evidence.Lane) error {
	for _, m := range l.missing {
		if m.Lane == lane {
			return errors.New(m.Why)
		}
	}
	return errNotAsked
}

// collect is called as the segments come.
func (l *Lanes) collect() {
	if l.kernel != nil {
		l.kernel.collect()
	}
}

// leavers is how many captures can be closed at a time.
const leavers = 4

// leave closes captures: the kernel takes tens of milliseconds for each, for
// which no run should wait.
func (l *Lanes) leave() {
	for c := range l.leaving {
		c.Close() // it closes what nobody uses: there is no error that matters
	}
}

// release has a capture closed.
func (l *Lanes) release(c io.Closer) { l.leaving <- c }

// miss notes that a lane is missing, if there is an error that says why.
func (l *Lanes) miss(lane evidence.Lane, err error) {
	if err != nil {
		l.missing = append(l.missing, evidence.MissingLane{Lane: lane, Why: err.Error()})
	}
}

// Missing names the lanes that are not there, why, and what would give them.
func (l *Lanes) Missing() []evidence.MissingLane { return slices.Clone(l.missing) }

// Reasons returns the names of the reasons for a RST that the running kernel
// tells, in its order; the error says why it tells none.
func (l *Lanes) Reasons() ([]string, error) {
	if l.kernel == nil {
		at := slices.IndexFunc(l.missing, func(m evidence.MissingLane) bool { return m.Lane == evidence.Kernel })
		return nil, errors.New(l.missing[at].Why)
	}
	if len(l.kernel.reasons()) == 0 {
		return nil, errors.New(noReasons)
	}
	return slices.Clone(l.kernel.reasons()), nil
}

// Address returns an address of the loopback for a lab, which this process
// has not given out before, up to 254 of them: the capture then lets nothing
// else through. On systems that have only one address it is always 127.0.0.1.
func (l *Lanes) Address() netip.Addr {
	if runtime.GOOS != "linux" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	process := uint16(os.Getpid()%0xfffe) + 1 // never 0: 127.0.0.0/24 is what others use
	lab := byte((l.labs.Add(1)-1)%254) + 1
	return netip.AddrFrom4([4]byte{127, byte(process >> 8), byte(process), lab})
}

// Close gives everything back. Recordings must have been stopped.
func (l *Lanes) Close() error {
	close(l.leaving)
	l.left.Wait()
	var errs []error
	if l.wire != nil {
		errs = append(errs, l.wire.close())
	}
	if l.kernel != nil {
		errs = append(errs, l.kernel.close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the lanes: %w", err)
	}
	return nil
}

// A LaneReport says whether this machine gives a lane.
type LaneReport struct {
	Lane  evidence.Lane `json:"lane"`
	Given bool          `json:"given"`
	Gives string        `json:"gives"`         // what the lane shows
	Why   string        `json:"why,omitempty"` // why it is not given, and what would give it
}

// Doctor tries every lane and says what this machine gives.
func Doctor() []LaneReport {
	l := Open()
	reports := []LaneReport{
		{Lane: evidence.Calls, Gives: "what each end called and got"},
		{Lane: evidence.Wire, Gives: "every segment on the loopback, with the kernel's time stamps"},
		{Lane: evidence.Kernel, Gives: "socket states, and the kernel's reason for each RST"},
		{Lane: evidence.Counters, Gives: "what the kernel counted: OutRsts, TCPAbortOnClose, …"},
	}
	missing := l.Missing()
	if l.kernel != nil && len(l.kernel.reasons()) == 0 {
		missing = append(missing, evidence.MissingLane{Lane: evidence.Kernel, Why: noReasons})
	}
	if err := l.Close(); err != nil {
		missing = append(missing, evidence.MissingLane{Lane: evidence.Kernel, Why: err.Error()})
	}
	for i := range reports {
		at := slices.IndexFunc(missing, func(m evidence.MissingLane) bool { return m.Lane == reports[i].Lane })
		if reports[i].Given = at < 0; at >= 0 {
			reports[i].Why = missing[at].Why
		}
	}
	return reports
}

// noReasons says what an old kernel lacks.
const noReasons = "this kernel's tracepoint tcp_send_reset tells no reason: Linux 6.12 and later do"
