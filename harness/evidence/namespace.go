package evidence

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

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
	host  *lab.Host
	stack namespace
	wire  wireLane
	tap   wireTap
	start map[string]int64

	once  sync.Once
	moved []CounterDelta
	err   error
}

// watch begins to watch a host, if it can be.
func (r *Recorder) watch(h *lab.Host) {
	stack, ok := h.Stack().(namespace)
	if !ok {
		return
	}
	p := &post{host: h, stack: stack}
	if err := p.open(r.lanes); err != nil {
		p.close() // the error that counts is why there was nothing to close
		r.mu.Lock()
		defer r.mu.Unlock()
		r.miss(Wire, fmt.Errorf("%s: %w", h.Name(), err))
		return
	}
	r.lab.Own(closer(p.count)) // after this the namespace may be gone
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts = append(r.posts, p)
}

// closer is a function as an io.Closer.
type closer func() error

func (c closer) Close() error { return c() }

func (p *post) open(lanes *Lanes) (err error) {
	if lanes.asks(Counters) {
		if p.start, err = p.stack.Counters(); err != nil {
			return err
		}
	}
	if !lanes.asks(Wire) {
		return nil
	}
	if p.wire, err = openNamespace(p.stack); err != nil {
		return err
	}
	p.tap, err = p.wire.follow(netip.Addr{})
	return err
}

// count reads the counters for the last time.
func (p *post) count() error {
	p.once.Do(func() {
		if p.start == nil {
			return
		}
		now, err := p.stack.Counters()
		if p.err = err; err != nil {
			return
		}
		p.moved = moved(p.start, now, false)
		for i := range p.moved {
			p.moved[i].Host = p.host.Name()
		}
	})
	return nil // a host that was removed has none, which is no fault of the lab's
}

// take ends the watching.
func (p *post) take() (segments []capturedSegment, lost uint64, err error) {
	p.count()
	if p.tap != nil {
		segments, lost, err = p.tap.take()
	}
	return segments, lost, errors.Join(err, p.close())
}

func (p *post) close() error {
	if p.wire == nil {
		return nil
	}
	return p.wire.close()
}

// takePosts ends the watching of all hosts. It takes as long as one alone: the
// kernel lets go of a capture when all its processors have noticed.
func (r *Recorder) takePosts(recording *Recording) ([]view, error) {
	r.mu.Lock()
	posts := slices.Clone(r.posts)
	r.mu.Unlock()
	views := make([]view, len(posts))
	lost := make([]uint64, len(posts))
	errs := make([]error, len(posts))
	var work sync.WaitGroup
	for i, p := range posts {
		work.Go(func() {
			var captured []capturedSegment
			captured, lost[i], errs[i] = p.take()
			views[i] = view{name: p.host.Name(), ip: p.host.Stack().IP(), segments: decode(captured)}
		})
	}
	work.Wait()
	for i, p := range posts {
		recording.LostPackets += lost[i]
		recording.Counters = append(recording.Counters, p.moved...)
		if p.err != nil {
			r.miss(Counters, fmt.Errorf("%s: %w", p.host.Name(), p.err))
		}
	}
	return views, errors.Join(errs...)
}
