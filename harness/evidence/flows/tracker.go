package flows

import (
	"math/rand/v2"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// Limits bound what a tracker keeps. The zero value is good for a gigabyte of
// anything in less than 200 MB.
type Limits struct {
	Open     int // connections that are not over; 0: 65,536. Beyond it those that are idle longest are ended
	Over     int // connections that are over and may still be heard of; 0: 4,096
	Segments int // of all connections together; 0: 524,288
}

// orDefaults fills in what is zero.
func (l Limits) orDefaults() Limits {
	const (
		open     = 1 << 16
		over     = 1 << 12
		segments = 1 << 19
	)
	for _, of := range []struct {
		limit *int
		zero  int
	}{{&l.Open, open}, {&l.Over, over}, {&l.Segments, segments}} {
		if *of.limit <= 0 {
			*of.limit = of.zero
		}
	}
	// The last segments of one connection must always fit.
	l.Segments = max(l.Segments, 2*(headKept+2*tailKept+afterKept))
	return l
}

// The time for which a connection that is over may still be heard of: twice
// the maximum segment lifetime (RFC 9293, section 3.4.2).
const linger = int64(4 * time.Minute)

// A Tracker tells connections apart. It must not be used by several goroutines
// at the same time.
type Tracker struct {
	// Forced counts the connections that were ended because there were too many.
	Forced uint64
	// Repeated counts the segments that had been captured already.
	Repeated uint64

	limits Limits
	over   func(*Flow)
	table  table
	blocks []*[stateBlock]state
	made   int32
	free   []int32
	lists  [2]list // open, over
	links  []link
	pool   pool
	queue  queue
	names  names
	told   map[int32]*told // by the number of the connection
	header header
	ended  Flow // that is being handed over
}

const stateBlock = 256

// The tracker's lists of connections.
const (
	listOpen = iota
	listOver
)

// New makes a tracker that hands over each connection when no more is to be
// heard of it. It keeps what it hands over only until the call returns.
func New(l Limits, over func(*Flow)) *Tracker {
	t := &Tracker{limits: l.orDefaults(), over: over, table: table{slots: make([]slot, 1<<10), seed: rand.Uint64()}}
	t.lists = [2]list{{first: none, last: none}, {first: none, last: none}}
	return t
}

// state returns the connection of a number.
func (t *Tracker) state(i int32) *state { return &t.blocks[i/stateBlock][i%stateBlock] }

// Add enters the next segment of the capture. It keeps nothing of it but copies.
func (t *Tracker) Add(s *evidence.Segment) {
	t.drain()
	t.header.read(s)
	var key pair
	from := key.read(s.From, s.To, &t.names)
	key.hash = t.table.hash(&key)
	t.enter(form{decoded: s}, &key, none, from)
}

// AddRaw is Add of a segment that is not decoded. Some of them wait in the
// tracker until others come, or it is closed.
func (t *Tracker) AddRaw(r *packets.RawSegment) {
	w := &t.queue.waiting[t.queue.size] // one that is full was drained
	w.header.readRaw(r)
	w.from = w.pair.readRaw(r)
	w.pair.hash = t.table.hash(&w.pair)
	if w.header.end <= keptBytes {
		w.ready.fill(r, &w.header)
		if t.queue.size++; t.queue.size == queued {
			t.drain()
		}
		return
	}
	t.drain()
	t.header = w.header
	t.enter(form{raw: r}, &w.pair, none, w.from)
}

// enter enters a segment of which the header was read. likely is the number of
// its connection, as a rule.
func (t *Tracker) enter(s form, key *pair, likely int32, from uint8) {
	h := &t.header
	var f *state
	if likely != none {
		f = t.state(likely)
	}
	if f == nil || !f.pair.is(key) || f.is(handedOver) {
		f = t.find(key)
	}
	if f == nil {
		f = t.begin(key, 0)
	} else if f.begunAnew(h, from) {
		f = t.again(f, from)
	}
	if f.repeats(h, from) {
		f.repeated++
		t.Repeated++
		return
	}
	f.learn(h, from)
	t.keep(f, s, from)
	t.place(f, h.at)
}

// Close hands over what is left, those that have been idle longest first.
func (t *Tracker) Close() {
	t.drain()
	for _, l := range []int{listOver, listOpen} {
		for t.lists[l].first != none {
			t.end(t.state(t.lists[l].first))
		}
	}
}

// begin makes room for a connection and begins it.
func (t *Tracker) begin(key *pair, flags uint8) *state {
	for t.lists[listOpen].size >= t.limits.Open {
		t.force(listOpen)
	}
	var i int32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if t.made%stateBlock == 0 {
			t.blocks = append(t.blocks, new([stateBlock]state))
		}
		i = t.made
		t.made++
		t.links = append(t.links, link{})
	}
	f := t.state(i)
	*f = state{pair: *key, at: i, flags: flags, first: t.header.at, last: t.header.at}
	t.table.insert(f)
	t.append(f, listOpen)
	return f
}

// again begins a connection in the place of another. What is left of the old
// one may still answer, with numbers of its own.
func (t *Tracker) again(old *state, client uint8) *state {
	old.flags |= portsTaken
	key, server := old.pair, old.sides[1-client]
	t.end(old)
	f := t.begin(&key, portsReused)
	f.sides[1-client].base, f.sides[1-client].flags = server.base, server.flags&based
	return f
}

// force ends the connection of a list that was idle longest.
func (t *Tracker) force(l int) {
	f := t.state(t.lists[l].first)
	if l == listOpen {
		f.flags |= endedForRoom
		t.Forced++
	}
	t.end(f)
}

// end hands a connection over and gives its room back.
func (t *Tracker) end(f *state) {
	f.settle()
	t.ended = Flow{Guessed: !f.is(clientKnown), Reused: f.is(portsReused), Repeated: f.repeated, tracker: t, state: *f}
	t.over(&t.ended)
	t.remove(f)
	t.table.erase(f)
	f.flags |= handedOver
	t.pool.release(f.head[:f.heads])
	t.pool.release(f.after[:f.afters])
	for i := range f.sides {
		t.pool.release(f.tail[i][:min(f.sides[i].kept, tailKept)])
	}
	if len(t.told) > 0 {
		delete(t.told, f.at)
	}
	t.free = append(t.free, f.at)
}

// place moves a connection to where it belongs after a segment: those that were
// heard of last stand last, to a second.
func (t *Tracker) place(f *state, now int64) {
	belongs := uint8(listOpen)
	if f.isOver() {
		belongs = listOver
	}
	if f.list != belongs || now-f.moved > int64(time.Second) {
		t.remove(f)
		t.append(f, belongs)
		f.moved = now
	}
	if belongs == listOpen {
		return
	}
	for oldest := t.state(t.lists[listOver].first); oldest != f &&
		(t.lists[listOver].size > t.limits.Over || now-oldest.last > linger); oldest = t.state(t.lists[listOver].first) {
		t.end(oldest)
	}
}

// room finds room for a segment of a connection, and makes it if there is none.
func (t *Tracker) room(f *state) int32 {
	for int(t.pool.size) >= t.limits.Segments && t.lists[listOpen].size+t.lists[listOver].size > 1 {
		l := listOpen
		if t.lists[listOver].first != none {
			l = listOver
		}
		if t.lists[l].first == f.at { // it is spared
			t.remove(f)
			t.append(f, listOpen)
			continue
		}
		t.force(l)
	}
	return t.pool.take(t.limits.Segments)
}

// keep keeps a segment, if there is to be more of it than its share of a sum.
func (t *Tracker) keep(f *state, s form, from uint8) {
	f.order++
	side := &f.sides[from]
	var number int32
	switch {
	case f.is(wasReset) && f.afters == afterKept:
		return
	case f.is(wasReset):
		number = t.room(f)
		f.after[f.afters] = number
		f.afters++
	case f.heads < headKept:
		number = t.room(f)
		f.head[f.heads] = number
		f.heads++
	case side.kept < tailKept:
		number = t.room(f)
		f.tail[from][side.kept] = number
		side.kept++
	default: // 8 to 15: the ring is full
		n := side.kept % tailKept
		number = f.tail[from][n]
		side.kept = tailKept + (n+1)%tailKept
	}
	t.pool.keep(number, s, &t.header, from, f.order)
}
