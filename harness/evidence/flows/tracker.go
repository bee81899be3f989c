package flows

import (
	"math/rand/v2"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
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
	blocks []*[flowBlock]Flow
	made   int32
	free   []int32
	lists  [2]list // open, over
	pool   pool
	queue  queue
	names  names
	told   map[int32]*told // by the number of the connection
	header header
}

const flowBlock = 256

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

// flow returns the connection of a number.
func (t *Tracker) flow(i int32) *Flow { return &t.blocks[i/flowBlock][i%flowBlock] }

// Add enters the next segment of the capture. It keeps nothing of it but copies.
func (t *Tracker) Add(s *evidence.Segment) {
	t.drain()
	t.header.read(s)
	key, from := t.names.pairOf(s.From, s.To)
	t.enter(form{decoded: s}, &key, t.table.hash(&key), from)
}

// AddRaw is Add of a segment that is not decoded. Some of them wait in the
// tracker until others come, or it is closed.
func (t *Tracker) AddRaw(r *evidence.RawSegment) {
	if r.TCP > keptBytes { // behind so many extension headers that a waiting one would lack it
		t.drain()
		t.header.readRaw(r)
		key, from := pairOfRaw(r)
		t.enter(form{raw: r}, &key, t.table.hash(&key), from)
		return
	}
	t.queue.put(r, &t.table)
	if t.queue.size == queued {
		t.drain()
	}
}

// enter enters a segment of which the header was read.
func (t *Tracker) enter(s form, key *pair, hash uint32, from uint8) {
	h := &t.header
	var f *Flow
	if i := t.find(key, hash); i == none {
		f = t.begin(*key, hash, false)
	} else if f = t.flow(i); f.begunAnew(h, from) {
		f = t.again(f, from)
	}
	if f.repeats(h, from) {
		f.Repeated++
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
			t.end(t.flow(t.lists[l].first))
		}
	}
}

// begin makes room for a connection and begins it.
func (t *Tracker) begin(key pair, hash uint32, reused bool) *Flow {
	for t.lists[listOpen].size >= t.limits.Open {
		t.force(listOpen)
	}
	var i int32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if t.made%flowBlock == 0 {
			t.blocks = append(t.blocks, new([flowBlock]Flow))
		}
		i = t.made
		t.made++
	}
	f := t.flow(i)
	*f = Flow{tracker: t, pair: key, hash: hash, at: i, before: none, behind: none, Reused: reused,
		first: t.header.at, last: t.header.at}
	t.table.insert(f)
	t.append(f, listOpen)
	return f
}

// again begins a connection in the place of another. What is left of the old
// one may still answer, with numbers of its own.
func (t *Tracker) again(old *Flow, client uint8) *Flow {
	old.reused = true
	key, hash, server := old.pair, old.hash, old.sides[1-client]
	t.end(old)
	f := t.begin(key, hash, true)
	f.sides[1-client].base, f.sides[1-client].flags = server.base, server.flags&based
	return f
}

// force ends the connection of a list that was idle longest.
func (t *Tracker) force(l int) {
	f := t.flow(t.lists[l].first)
	if l == listOpen {
		f.forced = true
		t.Forced++
	}
	t.end(f)
}

// end hands a connection over and gives its room back.
func (t *Tracker) end(f *Flow) {
	f.settle()
	t.over(f)
	t.remove(f)
	t.table.erase(f)
	for i := range f.kept[0] {
		t.pool.release(f.head[i])
	}
	for i := range f.kept[1] {
		t.pool.release(f.after[i])
	}
	for i := range f.sides {
		side := &f.sides[i]
		for j := range min(side.kept, tailKept) {
			t.pool.release(side.tail[j])
		}
	}
	if len(t.told) > 0 {
		delete(t.told, f.at)
	}
	t.free = append(t.free, f.at)
}

// place moves a connection to where it belongs after a segment: those that were
// heard of last stand last, to a second.
func (t *Tracker) place(f *Flow, now int64) {
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
	for oldest := t.flow(t.lists[listOver].first); oldest != f &&
		(t.lists[listOver].size > t.limits.Over || now-oldest.last > linger); oldest = t.flow(t.lists[listOver].first) {
		t.end(oldest)
	}
}

// makeRoom sees to it that there is room for a segment of a connection.
func (t *Tracker) makeRoom(f *Flow) {
	for t.pool.full(int32(t.limits.Segments)) && t.lists[listOpen].size+t.lists[listOver].size > 1 {
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
}

// keep keeps a segment, if there is to be more of it than its share of a sum.
func (t *Tracker) keep(f *Flow, s form, from uint8) {
	t.makeRoom(f)
	f.order++
	side := &f.sides[from]
	var slot *int32
	switch {
	case f.rsts > 0 && f.kept[1] < afterKept:
		slot = &f.after[f.kept[1]]
		f.kept[1]++
	case f.rsts > 0:
		return
	case f.kept[0] < headKept:
		slot = &f.head[f.kept[0]]
		f.kept[0]++
	default:
		slot = &side.tail[side.kept%tailKept]
		if side.kept >= tailKept { // 8 to 15: the ring is full
			t.pool.fill(*slot, s, &t.header, from, f.order)
			side.kept = tailKept + (side.kept+1)%tailKept
			return
		}
		side.kept++
	}
	*slot = t.pool.take()
	t.pool.fill(*slot, s, &t.header, from, f.order)
}
