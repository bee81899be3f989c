package watch

import (
	"context"
	"io"
	"os"
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
	kept   string // a capability

	filter Filter
	held   []Event         // of the last turn, whose other end may still come
	joined map[uint16]bool // slots of received ones, of which the last one had another end
	before []Event         // the last resets that were received
	asked  time.Time
	took   time.Duration

	using  sync.Mutex // held while the source is asked, and closed
	closed bool
}

func newWatcher(name string, s source, o Options, lacks []string) *Watcher {
	g := newGroups()
	return &Watcher{
		name: name, source: s, lacks: append(lacks, g.lacks()...), groups: g, filter: o.Filter, joined: map[uint16]bool{},
	}
}

// Source is the name of the source.
func (w *Watcher) Source() string { return w.name }

// Lacks says what is not told here, why, and what would give it, in sentences.
func (w *Watcher) Lacks() []string { return w.lacks }

// Counts returns how many events there were so far, and how many of them found
// no room and are lost.
func (w *Watcher) Counts() (seen, lost uint64) { return w.source.counts() }

// Close ends the watching, once a turn of [Watcher.Next] that is under way is
// over. It leaves nothing behind in the kernel. A second Close does nothing.
func (w *Watcher) Close() error {
	w.using.Lock()
	defer w.using.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	return w.source.close()
}

// Next waits for resets and returns what they mean, in the order of their times.
// When the context is over it returns what is left, and then io.EOF; after Close
// it returns [os.ErrClosed].
func (w *Watcher) Next(ctx context.Context) ([]Diagnosis, error) {
	for {
		over := ctx.Err() != nil
		some, err := w.turn(ctx, over)
		if len(some) > 0 || err != nil {
			return some, err
		}
		if over {
			return nil, io.EOF
		}
	}
}

// turn asks the source once.
func (w *Watcher) turn(ctx context.Context, last bool) ([]Diagnosis, error) {
	w.using.Lock()
	defer w.using.Unlock()
	if w.closed {
		return nil, os.ErrClosed
	}
	var fresh, folded []Event
	take := func(e Event) {
		if e.Times > 0 {
			folded = append(folded, e)
		} else {
			fresh = append(fresh, e)
		}
	}
	var err error
	if last {
		err = w.source.finish(take)
	} else {
		err = w.source.read(ctx, time.Now().Add(every), take)
	}
	if err != nil {
		return nil, err
	}
	w.ask(fresh, last)
	some := append(w.join(fresh, last), w.alike(folded)...)
	return slices.DeleteFunc(some, func(d Diagnosis) bool { return !w.filter.wants(&d) }), nil
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

// diagnose asks the engine, and looks whether a reset was passed on.
func (w *Watcher) diagnose(e Event, peer *Event, lost uint64) Diagnosis {
	e.Group = w.groups.of(&e)
	if peer != nil {
		peer.Group = w.groups.of(peer)
	}
	d := e.Diagnose(lost)
	d.Peer = peer
	if e.Acts() {
		d.Behind = w.behind(&e)
	}
	return d
}

// remember keeps the resets that were received, also those that are held for
// their other ends: one that is sent meanwhile may be behind them.
func (w *Watcher) remember(fresh []Event) {
	for i := range fresh {
		if fresh[i].Kind != Received {
			continue
		}
		if len(w.before) == mostBefore {
			w.before = w.before[1:]
		}
		w.before = append(w.before, fresh[i])
	}
}

// behind returns the reset that a proxy may have passed on: the only one that
// its process received just before, at the other kind of end. It is nil if there
// is none, or several.
func (w *Watcher) behind(e *Event) *Event {
	var found *Event
	for i := range w.before {
		b := &w.before[i]
		if b.Local == e.Remote && b.Remote == e.Local {
			continue // it is e, at its other end
		}
		sides := b.Role() != UnknownRole && e.Role() != UnknownRole && b.Role() != e.Role()
		if b.Owner.PID != e.Owner.PID || !sides || b.Time.After(e.Time) || e.Time.Sub(b.Time) >= shortly {
			continue
		}
		if found != nil {
			return nil
		}
		copied := *b
		copied.Group = w.groups.of(&copied)
		found = &copied
	}
	return found
}
