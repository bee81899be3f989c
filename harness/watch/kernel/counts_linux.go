package kernel

import "errors"

// Counts say how many records there were that the filter wants, how many of them
// found no room in the ring and are lost, and how many were only counted, for the
// rate is limited.
type Counts struct{ Seen, Lost, Folded uint64 }

// Counts takes no system call, and no privilege.
func (t *Tracer) Counts() (c Counts, err error) {
	if t.collection == nil { // it is closed
		return t.final, nil
	}
	v := t.collection.Variables
	err = errors.Join(v["seen"].Get(&c.Seen), v["lost"].Get(&c.Lost), v["folded"].Get(&c.Folded))
	return c, err
}

// A slot is struct slot of submit.h.
type slot struct {
	Kind, Folded   uint64
	Second, Number uint32
}

// Slots is how many kinds of records are told apart at a time.
const Slots = 1024

// Folded hands over of each slot how many records were only counted, from the
// beginning on.
func (t *Tracer) Folded(each func(slot uint16, folded uint64)) error {
	if t.slots == nil {
		t.slots = make([]slot, Slots)
	}
	if err := t.collection.Variables["slots"].Get(t.slots); err != nil {
		return err
	}
	for i := range t.slots {
		if t.slots[i].Folded > 0 {
			each(uint16(i)+1, t.slots[i].Folded)
		}
	}
	return nil
}
