package record

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
)

// A hostCapture watches a host that lives in a network namespace of its own.
type hostCapture struct {
	host   *lab.Host
	stack  capture.Namespace
	opened chan struct{}                     // closed when it is
	wire   *capture.Stream[evidence.Segment] // nil if it is missing
	since  instant                           // when the stream was there
	start  map[string]int64
	missed []evidence.MissingLane

	once  sync.Once
	moved []evidence.CounterDelta
}

// watch begins to watch a host, if it can be. The host's first socket waits
// until that is so, for it and for all others that have been added by then: they
// may stand on its way.
func (r *Recorder) watch(h *lab.Host) (ready func()) {
	follow := func() { r.followed.Add(h.Stack().IP()) } // a host of a netlab has none before its first link
	stack, ok := h.Stack().(capture.Namespace)
	if !ok {
		return follow
	}
	p := &hostCapture{host: h, stack: stack, opened: make(chan struct{})}
	r.lab.Own(closer(p.count)) // later the namespace may be gone
	r.mu.Lock()
	r.hosts = append(r.hosts, p)
	r.mu.Unlock()
	go p.open(r.lanes) // the kernel takes its time; meanwhile the network is built
	return func() {
		follow()
		r.awaitPosts()
	}
}

// awaitPosts returns when all hosts that were added are watched.
func (r *Recorder) awaitPosts() {
	r.mu.Lock()
	hosts := slices.Clone(r.hosts)
	r.mu.Unlock()
	for _, p := range hosts {
		<-p.opened
	}
}

// closer is a function as an io.Closer.
type closer func() error

func (c closer) Close() error { return c() }

func (p *hostCapture) open(lanes *capture.Lanes) {
	defer close(p.opened)
	var err error
	if lanes.Asks(evidence.Counters) {
		p.start, err = p.stack.Counters()
		p.miss(evidence.Counters, err)
	}
	if lanes.Asks(evidence.Wire) {
		p.wire, err = capture.Segments(p.stack, lanes)
		p.since = instantOf(time.Now())
		p.miss(evidence.Wire, err)
	}
}

// miss notes that a lane of the host is missing, if there is an error.
func (p *hostCapture) miss(lane evidence.Lane, err error) {
	if err != nil {
		p.missed = append(p.missed, evidence.MissingLane{Lane: lane, Why: p.host.Name() + ": " + err.Error()})
	}
}

// count reads the counters for the last time. It returns no error: a host that
// was removed has none, which is no fault of the lab's.
func (p *hostCapture) count() error {
	<-p.opened
	p.once.Do(func() {
		if p.start == nil {
			return
		}
		now, err := p.stack.Counters()
		if err != nil {
			p.miss(evidence.Counters, err)
			return
		}
		p.moved = moved(p.host.Name(), p.start, now, false)
	})
	return nil
}

// moved returns the counters of a host, or of all that share them, that have
// moved.
func moved(host string, before, after map[string]int64, noisy bool) []evidence.CounterDelta {
	var deltas []evidence.CounterDelta
	for _, name := range evidence.CounterNames() {
		if by := after[name] - before[name]; by != 0 {
			deltas = append(deltas, evidence.CounterDelta{Host: host, Name: name, By: by, Noisy: noisy})
		}
	}
	return deltas
}

// take ends the watching and returns what was seen until then.
func (p *hostCapture) take(until instant) (v hostTrace, status capture.Status, err error) {
	p.count()
	v = hostTrace{name: p.host.Name(), ip: p.host.Stack().IP(), since: p.since}
	if p.wire != nil {
		var segments []evidence.Segment
		segments, status, err = p.wire.Close()
		v.segments = slices.DeleteFunc(received(segments), func(s segment) bool { return s.at > until })
	}
	return v, status, err
}

// takeHosts stops all captures at one instant. Otherwise a segment that a host
// stopped later has received looks forged, because the capture of its sender was
// closed already. What was sent until settled, a little before, has been captured
// wherever it came.
func (r *Recorder) takeHosts(recording *evidence.Recording) (traces []hostTrace, settled instant, err error) {
	r.mu.Lock()
	hosts := slices.Clone(r.hosts)
	r.mu.Unlock()
	if len(hosts) == 0 {
		return nil, 0, nil
	}
	settled = instantOf(time.Now())
	err = capture.Settle()
	now := instantOf(time.Now())
	for _, p := range hosts {
		v, status, failed := p.take(now)
		err = errors.Join(err, failed)
		traces = append(traces, v)
		recording.LostPackets += status.Lost
		recording.Gaps = append(recording.Gaps, gaps(evidence.Wire, p.host.Name(), status, r.started, time.Time{})...)
		recording.Counters = append(recording.Counters, p.moved...)
		recording.Missing = append(recording.Missing, p.missed...)
	}
	return traces, settled, err
}
