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
	if p.a[0]|p.b[0] != 0 { // no IPv4
		h = mixed(h, p.a[0], p.b[0])
	}
	h = mixed(h, p.a[1], p.b[1])
	h = mixed(h, uint64(p.aPort)<<16|uint64(p.bPort), 0)
	return uint32(h >> 32)
}

// mixed enters two values into a hash.
func mixed(h, a, b uint64) uint64 {
	high, low := bits.Mul64(h^a, 0x9e3779b97f4a7c15)
	high, low = bits.Mul64(high^low^b, 0xa0761d6478bd642f)
	return high ^ low
}

// look returns the number of the first connection with a hash, which is that
// which is looked for as a rule; none if there is none.
func (t *table) look(hash uint32) int32 {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := t.slots[i]; s.hash == hash || s.number == 0 {
			return s.number - 1
		}
	}
}

// find returns the connection with these ends, nil if there is none.
func (t *Tracker) find(p *pair) *state {
	mask := uint32(len(t.table.slots) - 1)
	for i := p.hash & mask; ; i = (i + 1) & mask {
		s := t.table.slots[i]
		if s.number == 0 {
			return nil
		}
		if s.hash == p.hash {
			if f := t.state(s.number - 1); f.pair.is(p) {
				return f
			}
		}
	}
}

// insert enters a connection.
func (t *table) insert(f *state) {
	if t.size*2 >= len(t.slots) {
		old := t.slots
		t.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.number > 0 {
				t.put(s)
			}
		}
	}
	t.put(slot{f.pair.hash, f.at + 1})
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
func (t *table) erase(f *state) {
	mask := uint32(len(t.slots) - 1)
	i := f.pair.hash & mask
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
