package flows

import "github.com/resetlab/resetlab/harness/evidence"

// A queue holds segments that wait to be entered. The memory of their
// connections is rarely in a processor's cache when there are thousands; asked
// for together, it comes together, where each segment would wait for its own.
type queue struct {
	waiting [queued]waiting
	size    int
	touched uint64 // whatever was there: without a use of it nothing would be read
}

// queued is how many segments wait for each other.
const queued = 16

// A waiting is a segment in the queue.
type waiting struct {
	raw    evidence.RawSegment
	header header
	pair   pair
	hash   uint32
	from   uint8
	data   [mostWhole]byte // what raw.Data points to
}

// put puts a segment into the queue, with as much of it as is ever kept.
func (q *queue) put(r *evidence.RawSegment, t *table) {
	w := &q.waiting[q.size]
	q.size++
	w.header.readRaw(r)
	w.pair, w.from = pairOfRaw(r)
	w.hash = t.hash(&w.pair)
	w.raw = *r
	w.raw.Data = w.data[:copy(w.data[:], r.Data)]
}

// drain enters all segments of the queue.
func (t *Tracker) drain() {
	t.fetch()
	q := &t.queue
	for i := range q.waiting[:q.size] {
		w := &q.waiting[i]
		t.header = w.header
		t.enter(form{raw: &w.raw}, &w.pair, w.hash, w.from)
	}
	q.size = 0
}

// fetch reads of all that the queue's segments will need a word of each line of
// a processor's cache.
func (t *Tracker) fetch() {
	q, touched := &t.queue, uint64(0)
	mask := uint32(len(t.table.slots) - 1)
	for i := range q.waiting[:q.size] {
		w := &q.waiting[i]
		s := t.table.slots[w.hash&mask]
		if s.number == 0 || s.hash != w.hash {
			continue // it is new, or will be found nearby
		}
		f := t.flow(s.number - 1)
		side := &f.sides[w.from]
		touched += uint64(f.pair.aPort) + uint64(f.head[0]) + uint64(f.moved) + uint64(side.marks[0]) +
			uint64(side.sums.segments) + uint64(f.sides[1-w.from].last)
	}
	free := t.pool.free
	for _, i := range free[max(0, len(free)-queued):] {
		k := t.pool.at(i)
		touched += uint64(k.at) + uint64(k.data[len(k.data)-1])
	}
	const ending = 2 // connections that so many segments end, as a rule
	for i, n := 0, t.lists[listOver].first; i < ending && n != none; i++ {
		f := t.flow(n)
		touched += uint64(f.hash) + uint64(f.sides[0].sums.segments) + uint64(f.sides[1].sums.segments) + uint64(f.bore)
		n = f.behind
	}
	q.touched += touched
}
