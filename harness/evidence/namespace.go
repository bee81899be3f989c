package evidence

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// A namespace is a lab.Stack that lets its network namespace be watched, as
// the hosts of a netlab do.
type namespace interface {
	// Socket opens a socket there, as socket(2) does.
	Socket(domain, kind, protocol int) (int, error)
	// Counters returns what the kernel has counted there.
	Counters() (map[string]int64, error)
}

// A post watches a host that lives in a network namespace of its own.
type post struct {
	host   *lab.Host
	stack  namespace
	opened chan struct{} // closed when it is
	wire   wireLane      // nil if it is missing
	tap    wireTap
	since  instant // when the tap was there
	start  map[string]int64
	missed []MissingLane

	once  sync.Once
	moved []CounterDelta
}

// watch begins to watch a host, if it can be. The host's first socket waits
// until that is so, for it and for all others that have been added by then: they
// may stand on its way.
func (r *Recorder) watch(h *lab.Host) (ready func()) {
	stack, ok := h.Stack().(namespace)
	if !ok {
		return func() {}
	}
	p := &post{host: h, stack: stack, opened: make(chan struct{})}
	r.lab.Own(closer(p.count)) // later the namespace may be gone
	r.mu.Lock()
	r.posts = append(r.posts, p)
	r.mu.Unlock()
	go p.open(r.lanes) // the kernel takes its time; meanwhile the network is built
	return r.awaitPosts
}

// awaitPosts returns when all hosts that were added are watched.
func (r *Recorder) awaitPosts() {
	r.mu.Lock()
	posts := slices.Clone(r.posts)
	r.mu.Unlock()
	for _, p := range posts {
		<-p.opened
	}
}

// closer is a function as an io.Closer.
type closer func() error

func (c closer) Close() error { return c() }

func (p *post) open(lanes *Lanes) {
	defer close(p.opened)
	var err error
	if lanes.asks(Counters) {
		p.start, err = p.stack.Counters()
		p.miss(Counters, err)
	}
	if lanes.asks(Wire) {
		if p.wire, err = openNamespace(p.stack, lanes.release); err == nil {
			p.tap, err = p.wire.follow(netip.Addr{})
			p.since = instantOf(time.Now())
		}
		p.miss(Wire, err)
	}
}

// miss notes that a lane of the host is missing, if there is an error.
func (p *post) miss(lane Lane, err error) {
	if err != nil {
		p.missed = append(p.missed, MissingLane{lane, p.host.Name() + ": " + err.Error()})
	}
}

// count reads the counters for the last time. It returns no error: a host that
// was removed has none, which is no fault of the lab's.
func (p *post) count() error {
	<-p.opened
	p.once.Do(func() {
		if p.start == nil {
			return
		}
		now, err := p.stack.Counters()
		if err != nil {
			p.miss(Counters, err)
			return
		}
		p.moved = moved(p.start, now, false)
		for i := range p.moved {
			p.moved[i].Host = p.host.Name()
		}
	})
	return nil
}

// take ends the watching and returns what was seen until then.
func (p *post) take(until instant) (v view, lost uint64, err error) {
	p.count()
	v = view{name: p.host.Name(), ip: p.host.Stack().IP(), since: p.since}
	if p.tap != nil {
		var captured []capturedSegment
		captured, lost, err = p.tap.take()
		v.segments = slices.DeleteFunc(decode(captured), func(s segment) bool { return s.at > until })
	}
	if p.wire != nil {
		err = errors.Join(err, p.wire.close())
	}
	return v, lost, err
}

// takePosts stops all captures at one instant. Otherwise a segment that a host
// stopped later has received looks forged, because the capture of its sender was
// closed already. What was sent until settled, a little before, has been captured
// wherever it came.
func (r *Recorder) takePosts(recording *Recording) (views []view, settled instant, err error) {
	r.mu.Lock()
	posts := slices.Clone(r.posts)
	r.mu.Unlock()
	if len(posts) == 0 {
		return nil, 0, nil
	}
	settled = instantOf(time.Now())
	err = barrier()
	now := instantOf(time.Now())
	for _, p := range posts {
		v, lost, failed := p.take(now)
		err = errors.Join(err, failed)
		views = append(views, v)
		recording.LostPackets += lost
		recording.Counters = append(recording.Counters, p.moved...)
		recording.Missing = append(recording.Missing, p.missed...)
	}
	return views, settled, err
}
