package protocols

import "slices"

// maxKept bounds what is kept of a request for those who look into it.
const maxKept = 64 << 10

// kept is what is kept of the requests on a connection that answers them in
// their order: their beginnings, and what the protocol knows of each.
type kept[T any] struct {
	piece []byte       // of requests, not kept yet
	taken int          // how much of it is
	list  []keptOne[T] // the requests that have begun, from the last answered one on
	gone  int          // how many came before those
}

type keptOne[T any] struct {
	bytes []byte
	is    T
}

// see keeps what read finds in the next piece.
func (k *kept[T]) see(piece []byte, read func([]byte)) {
	k.piece, k.taken = piece, 0
	read(piece)
	k.until(len(piece))
	k.piece = nil
}

// until adds the piece up to an offset to the present request.
func (k *kept[T]) until(offset int) {
	if len(k.list) > 0 {
		r := k.last()
		more := k.piece[k.taken:offset]
		r.bytes = append(r.bytes, more[:min(len(more), max(0, maxKept-len(r.bytes)))]...)
	}
	k.taken = offset
}

// begin begins a request at an offset of the piece, and forgets those before the
// last that is answered, which may still be asked for.
func (k *kept[T]) begin(offset, answered int, is T) {
	k.until(offset)
	for k.gone+1 < answered && len(k.list) > 0 {
		k.list, k.gone = slices.Delete(k.list, 0, 1), k.gone+1
	}
	k.list = append(k.list, keptOne[T]{[]byte{}, is})
}

// last is the request that began last; there must be one.
func (k *kept[T]) last() *keptOne[T] { return &k.list[len(k.list)-1] }

// begun is its number, counted from 1; 0 where there is none.
func (k *kept[T]) begun() int { return k.gone + len(k.list) }

// of returns a request by its number; nil if it is over, or has not begun.
func (k *kept[T]) of(number int) *keptOne[T] {
	if i := number - 1 - k.gone; i >= 0 && i < len(k.list) {
		return &k.list[i]
	}
	return nil
}
