package watch

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	// every is how often the kernel's events are taken; also how long one waits
	// for its other end.
	every = 50 * time.Millisecond
	// together is how far apart in time two ends of one RST may be.
	together = 100 * time.Millisecond
	// share is which part of the time may be spent asking who holds sockets.
	share = 20
	// mostHeld bounds how many events wait for their other end.
	mostHeld = 1 << 14
	// mostBefore bounds how many received resets are remembered for proxies.
	mostBefore = 256
	// shortly is how soon a proxy passes a reset on.
	shortly = 50 * time.Millisecond
)

// A Watcher explains the resets of the machine. [Watcher.Next] must not be
// called by several goroutines at the same time.
type Watcher struct {
	name   string
	source source
	lacks  []string
	groups *groups

	held   []Event // of the last turn, whose other end may still come
	before []Event // the last resets that were received
	asked  time.Time
	took   time.Duration

	once sync.Once
	err  error
}

func newWatcher(name string, s source, lacks []string) *Watcher {
	g := newGroups()
	return &Watcher{name: name, source: s, lacks: append(lacks, g.lacks()...), groups: g}
}

// Source is the name of the source.
func (w *Watcher) Source() string { return w.name }

// Lacks says what is not told here, why, and what would give it, in sentences.
func (w *Watcher) Lacks() []string { return w.lacks }

// Counts returns how many events there were so far, and how many of them found
// no room and are lost.
func (w *Watcher) Counts() (seen, lost uint64) { return w.source.counts() }

// Close ends the watching. It leaves nothing behind in the kernel.
func (w *Watcher) Close() error {
	w.once.Do(func() { w.err = w.source.close() })
	return w.err
}

// Next waits for resets and returns what they mean, in the order of their times.
// When the context is over it returns what is left, and then io.EOF.
func (w *Watcher) Next(ctx context.Context) ([]Diagnosis, error) {
	for {
		over := ctx.Err() != nil
		var fresh []Event
		take := func(e Event) { fresh = append(fresh, e) }
		var err error
		if over {
			err = w.source.finish(take)
		} else {
			err = w.source.read(ctx, time.Now().Add(every), take)
		}
		if err != nil {
			return nil, err
		}
		w.ask(fresh, over)
		some := w.join(fresh, over)
		if len(some) > 0 {
			return some, nil
		}
		if over {
			return nil, io.EOF
		}
	}
}

// ask finds out who holds the sockets whose owner is a guess, as long as that
// does not take much of the time; at the end once more.
func (w *Watcher) ask(events []Event, last bool) {
	wanted := map[uint64]*Event{}
	for i := range events {
		e := &events[i]
		if e.cookie != 0 && (e.Owner.How == Listened || e.Owner.How == Connected || e.Owner.How == Unknown || e.Owner.How == Shares) {
			wanted[e.cookie] = e
		}
	}
	if len(wanted) == 0 || !last && time.Since(w.asked) < share*w.took {
		return
	}
	begun := time.Now()
	found := map[uint64][]Process{}
	able, err := w.source.holders(func(cookie uint64, p Process) {
		if wanted[cookie] != nil && !slices.Contains(found[cookie], p) {
			found[cookie] = append(found[cookie], p)
		}
	})
	w.asked = time.Now()
	w.took = w.asked.Sub(begun)
	if !able || err != nil { // the guess stays one
		return
	}
	for i := range events {
		if events[i].cookie != 0 && wanted[events[i].cookie] != nil {
			events[i].held(found[events[i].cookie])
		}
	}
}

// held takes over who was found to hold the socket.
func (e *Event) held(by []Process) {
	switch {
	case len(by) == 0: // nobody any more: it stays what it was
	case len(by) == 1:
		e.Owner = Owner{Process: by[0], How: Holds}
	default:
		e.Owner = Owner{Process: by[0], How: Shares, Others: by[1:]}
	}
}

// join brings the two ends of each reset together. What has found no other end
// waits for one turn, unless there is none any more. Where data comes for a
// socket that was shut down, the kernel notes the RST that it sends as received,
// too (net/ipv4/tcp_input.c, tcp_rcv_state_process): that is left out.
func (w *Watcher) join(fresh []Event, last bool) []Diagnosis {
	resetting := map[uint64]bool{}
	for _, some := range [][]Event{w.held, fresh} {
		for i := range some {
			if some[i].Kind == Sent && some[i].Passive {
				resetting[some[i].cookie] = true
			}
		}
	}
	echo := func(e Event) bool { return e.Kind == Received && e.cookie != 0 && resetting[e.cookie] }
	w.held, fresh = slices.DeleteFunc(w.held, echo), slices.DeleteFunc(fresh, echo)
	old := len(w.held)
	all := append(w.held, fresh...)
	peer := pairs(all)
	_, lost := w.source.counts()
	var some []Diagnosis
	w.held = nil
	for i := range all {
		e := &all[i]
		switch other := peer[i]; {
		case other >= 0 && e.Kind != Sent: // it is told with its other end
			continue
		case other < 0 && i >= old && !last && len(w.held) < mostHeld:
			w.held = append(w.held, *e)
			continue
		case other >= 0:
			some = append(some, w.diagnose(*e, &all[other], lost))
		default:
			some = append(some, w.diagnose(*e, nil, lost))
		}
	}
	slices.SortStableFunc(some, func(a, b Diagnosis) int { return a.Time.Compare(b.Time) })
	return some
}

// pairs finds the other end of each event among the others, -1 where there is
// none: of those that were received where it was sent, one of the same network
// namespace, else the nearest in time.
func pairs(all []Event) []int {
	peer := make([]int, len(all))
	received := map[[2]string][]int{}
	for i := range all {
		peer[i] = -1
		if all[i].Kind == Received {
			key := [2]string{all[i].Local.String(), all[i].Remote.String()}
			received[key] = append(received[key], i)
		}
	}
	for i := range all {
		if all[i].Kind != Sent {
			continue
		}
		best := -1
		for _, j := range received[[2]string{all[i].Remote.String(), all[i].Local.String()}] {
			if peer[j] >= 0 || apart(&all[i], &all[j]) > together {
				continue
			}
			if best < 0 || nearer(&all[i], &all[j], &all[best]) {
				best = j
			}
		}
		if best >= 0 {
			peer[i], peer[best] = best, i
		}
	}
	return peer
}

func apart(a, b *Event) time.Duration { return a.Time.Sub(b.Time).Abs() }

// nearer says whether a is nearer to e than b.
func nearer(e, a, b *Event) bool {
	if (a.Netns == e.Netns) != (b.Netns == e.Netns) {
		return a.Netns == e.Netns
	}
	return apart(e, a) < apart(e, b)
}

// diagnose asks the engine, and looks whether a reset was passed on.
func (w *Watcher) diagnose(e Event, peer *Event, lost uint64) Diagnosis {
	e.Group = w.groups.name(e.Cgroup)
	if peer != nil {
		peer.Group = w.groups.name(peer.Cgroup)
	}
	d := Diagnose(e, lost)
	d.Peer = peer
	if e.Acts() {
		d.Behind = w.behind(&e)
	}
	for _, r := range []*Event{peer, &e} {
		if r != nil && r.Kind == Received {
			if len(w.before) == mostBefore {
				w.before = w.before[1:]
			}
			w.before = append(w.before, *r)
		}
	}
	return d
}

// behind returns the reset that a proxy may have passed on: the only one that
// its process received just before, at the other kind of end. It is nil if there
// is none, or several.
func (w *Watcher) behind(e *Event) *Event {
	var found *Event
	for i := range w.before {
		b := &w.before[i]
		sides := b.Role() != UnknownRole && e.Role() != UnknownRole && b.Role() != e.Role()
		if b.Owner.PID != e.Owner.PID || !sides || b.Time.After(e.Time) || e.Time.Sub(b.Time) >= shortly {
			continue
		}
		if found != nil {
			return nil
		}
		copied := *b
		found = &copied
	}
	return found
}
