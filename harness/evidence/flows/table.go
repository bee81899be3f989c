package flows

import "math/bits"

// A table finds the number of a connection by its ends. It is open addressing
// with linear probing: a look takes one line of the processor's cache beside the
// connection itself, which is needed anyway, where Go's map takes several.
type table struct {
	slots []slot
	size  int
	seed  uint64 // so that nobody can make all ends meet in one slot
}

// A slot has half of a hash, so that no other connection's memory is looked at
// but that which is looked for.
type slot struct {
	hash   uint32
	number int32 // of a connection, plus one; 0: there is none
}

// hash spreads the ends of a connection over the table.
func (t *table) hash(p *pair) uint32 {
	h := t.seed
	for _, word := range [...]uint64{p.a[0], p.a[1], p.b[0], p.b[1], uint64(p.aPort)<<16 | uint64(p.bPort)} {
		high, low := bits.Mul64(h^word, 0x9e3779b97f4a7c15)
		h = high ^ low
	}
	return uint32(h >> 32)
}

// find returns the number of the connection with these ends, none if there is
// none.
func (t *Tracker) find(p *pair, hash uint32) int32 {
	mask := uint32(len(t.table.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := t.table.slots[i]
		if s.number == 0 {
			return none
		}
		if s.hash == hash && t.flow(s.number-1).pair.is(p) {
			return s.number - 1
		}
	}
}

// insert enters a connection.
func (t *table) insert(f *Flow) {
	if t.size*2 >= len(t.slots) {
		old := t.slots
		t.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.number > 0 {
				t.put(s)
			}
		}
	}
	t.put(slot{f.hash, f.at + 1})
	t.size++
}

func (t *table) put(s slot) {
	mask := uint32(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].number != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// erase takes a connection out, and moves those behind it that would not be
// found any more.
func (t *table) erase(f *Flow) {
	mask := uint32(len(t.slots) - 1)
	i := f.hash & mask
	for t.slots[i].number != f.at+1 {
		i = (i + 1) & mask
	}
	t.size--
	for j := i; ; {
		j = (j + 1) & mask
		if t.slots[j].number == 0 {
			t.slots[i] = slot{}
			return
		}
		if home := t.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
}
