package flows

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
	header header
	pair   pair
	number int32 // of its connection, as a rule
	from   uint8
	ready  kept
}

// drain enters all segments of the queue.
func (t *Tracker) drain() {
	t.fetch()
	q := &t.queue
	for i := range q.waiting[:q.size] {
		w := &q.waiting[i]
		t.header = w.header
		t.enter(form{ready: &w.ready}, &w.pair, w.number, w.from)
	}
	q.size = 0
}

// fetch reads of all that the queue's segments will need a word of each line of
// a processor's cache, in loops so short that many lines are on their way at
// once.
func (t *Tracker) fetch() {
	q, touched := &t.queue, uint64(0)
	slots := t.table.slots
	for i := range q.waiting[:q.size] {
		touched += uint64(slots[q.waiting[i].pair.hash&uint32(len(slots)-1)].hash)
	}
	for i := range q.waiting[:q.size] {
		w := &q.waiting[i]
		if w.number = t.table.look(w.pair.hash); w.number != none {
			f := t.state(w.number)
			touched += uint64(f.pair.aPort) + uint64(f.sides[0].base) + uint64(f.sides[1].base) + uint64(f.moved) + uint64(f.head[0])
		}
	}
	const ending = 4 // connections, which so many segments rarely end
	for i, n := 0, t.lists[listOver].first; i < ending && n != none; i++ {
		f := t.state(n)
		touched += uint64(f.pair.aPort) + uint64(f.sides[0].base) + uint64(f.sides[1].base) + uint64(f.moved) + uint64(f.head[0]) + uint64(f.rsts)
		n = t.links[n].behind
	}
	q.touched += touched
}
