package evidence

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
	"time"
)

// Lanes are what a process records with: its capture of the loopback and its
// trace instance. Opening and closing them takes tens of milliseconds, for
// which the kernel waits until all its processors have noticed; so they are
// opened once and lent to every recording. While nothing is recorded they take
// nothing. They may be used by several goroutines at the same time.
type Lanes struct {
	wire     wireLane   // nil if it is missing
	kernel   kernelLane // nil if it is missing
	counters bool
	asked    []Lane // empty: all
	missing  []MissingLane
	leaving  chan io.Closer // captures of namespaces that nobody needs any more
	left     sync.WaitGroup
	labs     atomic.Uint32 // how many addresses have been given out
}

// A wireLane captures segments.
type wireLane interface {
	// follow begins to collect the segments from and to an address.
	follow(ip netip.Addr) (wireTap, error)
	close() error
}

// A wireTap is what one recording collects of a wireLane.
type wireTap interface {
	// take ends the collecting. All that was sent before is in it.
	take() (segments []capturedSegment, lost uint64, err error)
}

// A capturedSegment is an IP packet with a TCP segment in it.
type capturedSegment struct {
	at       instant
	data     []byte // from the IP header on, as far as it was captured
	length   int    // of the whole packet
	outgoing bool   // it was leaving the host
}

// An instant is a time of the wall clock, in nanoseconds since 1970.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

// micro cuts an instant to microseconds, as tracepoints are.
func (t instant) micro() instant { return t - t%1000 }

// A kernelLane reads tracepoints.
type kernelLane interface {
	// follow begins to collect what the tracepoints say.
	follow() (kernelTap, error)
	// collect empties the kernel's buffer before it overflows.
	collect()
	// reasons are the names by which the kernel tells why it sends a RST; none
	// if it does not tell.
	reasons() []string
	close() error
}

// A kernelTap is what one recording collects of a kernelLane.
type kernelTap interface {
	// take ends the collecting. All that happened before is in it, if there is
	// no doubt.
	take() (traced, error)
}

// traced is what one recording has collected of a kernelLane.
type traced struct {
	traces []trace
	lost   uint64
	doubt  error // why it cannot be known whether that is all; nil: it is
}

// errNotAsked says that a lane was left out on request.
var errNotAsked = errors.New("it was not asked for")

// Open opens the lanes named, or all if none is. One that this machine does
// not give is in [Lanes.Missing]; that is no error.
func Open(lanes ...Lane) *Lanes {
	l := &Lanes{asked: lanes, leaving: make(chan io.Closer)}
	for range leavers {
		l.left.Go(l.leave)
	}
	err := errNotAsked
	if l.asks(Wire) {
		l.wire, err = openWire(l.collect)
	}
	l.miss(Wire, err)
	err = errNotAsked
	if l.asks(Kernel) {
		l.kernel, err = openKernel()
	}
	l.miss(Kernel, err)
	err = errNotAsked
	if l.asks(Counters) {
		_, err = readCounters()
		l.counters = err == nil
	}
	l.miss(Counters, err)
	return l
}

func (l *Lanes) asks(lane Lane) bool { return len(l.asked) == 0 || slices.Contains(l.asked, lane) }

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
func (l *Lanes) miss(lane Lane, err error) {
	if err != nil {
		l.missing = append(l.missing, MissingLane{Lane: lane, Why: err.Error()})
	}
}

// Missing names the lanes that are not there, why, and what would give them.
func (l *Lanes) Missing() []MissingLane { return slices.Clone(l.missing) }

// Reasons returns the names of the reasons for a RST that the running kernel
// tells, in its order; the error says why it tells none.
func (l *Lanes) Reasons() ([]string, error) {
	if l.kernel == nil {
		at := slices.IndexFunc(l.missing, func(m MissingLane) bool { return m.Lane == Kernel })
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
	Lane  Lane   `json:"lane"`
	Given bool   `json:"given"`
	Gives string `json:"gives"`         // what the lane shows
	Why   string `json:"why,omitempty"` // why it is not given, and what would give it
}

// Doctor tries every lane and says what this machine gives.
func Doctor() []LaneReport {
	l := Open()
	reports := []LaneReport{
		{Lane: Calls, Gives: "what each end called and got"},
		{Lane: Wire, Gives: "every segment on the loopback, with the kernel's time stamps"},
		{Lane: Kernel, Gives: "socket states, and the kernel's reason for each RST"},
		{Lane: Counters, Gives: "what the kernel counted: OutRsts, TCPAbortOnClose, …"},
	}
	missing := l.Missing()
	if l.kernel != nil && len(l.kernel.reasons()) == 0 {
		missing = append(missing, MissingLane{Kernel, noReasons})
	}
	if err := l.Close(); err != nil {
		missing = append(missing, MissingLane{Kernel, err.Error()})
	}
	for i := range reports {
		at := slices.IndexFunc(missing, func(m MissingLane) bool { return m.Lane == reports[i].Lane })
		if reports[i].Given = at < 0; at >= 0 {
			reports[i].Why = missing[at].Why
		}
	}
	return reports
}

// noReasons says what an old kernel lacks.
const noReasons = "this kernel's tracepoint tcp_send_reset tells no reason: Linux 6.12 and later do"
