package flows

import "math/bits"

// A table finds the number of a connection by its ends. It is open addressing
// with linear probing: a look takes one line of the processor's cache beside the
// connection itself, which is needed anyway, where Go's map takes several.
type table struct {
	slots []int32 // numbers of connections, plus one; 0: there is none
	size  int
	seed  uint64 // so that nobody can make all ends meet in one slot
}

// hash spreads the ends of a connection over the table.
func (t *table) hash(p *pair) uint64 {
	h := t.seed
	for _, word := range [...]uint64{p.a[0], p.a[1], p.b[0], p.b[1], uint64(p.aPort)<<16 | uint64(p.bPort)} {
		high, low := bits.Mul64(h^word, 0x9e3779b97f4a7c15)
		h = high ^ low
	}
	return h
}

// find returns the number of the connection with these ends, none if there is
// none.
func (t *Tracker) find(p *pair, hash uint64) int32 {
	mask := uint64(len(t.table.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		n := t.table.slots[i]
		if n == 0 {
			return none
		}
		if f := t.flow(n - 1); f.hash == hash && f.pair == *p {
			return n - 1
		}
	}
}

// insert enters a connection.
func (t *Tracker) insert(f *Flow) {
	if t.table.size*2 >= len(t.table.slots) {
		old := t.table.slots
		t.table.slots = make([]int32, 2*len(old))
		for _, n := range old {
			if n > 0 {
				t.put(n, t.flow(n-1).hash)
			}
		}
	}
	t.put(f.at+1, f.hash)
	t.table.size++
}

func (t *Tracker) put(n int32, hash uint64) {
	mask := uint64(len(t.table.slots) - 1)
	i := hash & mask
	for t.table.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.table.slots[i] = n
}

// erase takes a connection out, and moves those behind it that would not be
// found any more.
func (t *Tracker) erase(f *Flow) {
	slots := t.table.slots
	mask := uint64(len(slots) - 1)
	i := f.hash & mask
	for slots[i] != f.at+1 {
		i = (i + 1) & mask
	}
	t.table.size--
	for j := i; ; {
		j = (j + 1) & mask
		if slots[j] == 0 {
			slots[i] = 0
			return
		}
		if home := t.flow(slots[j]-1).hash & mask; (j-home)&mask >= (j-i)&mask {
			slots[i] = slots[j]
			i = j
		}
	}
}
