package flows

// none is the number of no connection.
const none = -1

// A list is connections in the order in which they were heard of.
type list struct {
	first, last int32
	size        int
}

// append puts a connection at the end of a list.
func (t *Tracker) append(f *Flow, to uint8) {
	l := &t.lists[to]
	f.list, f.before, f.behind = to, l.last, none
	if l.last == none {
		l.first = f.at
	} else {
		t.flow(l.last).behind = f.at
	}
	l.last = f.at
	l.size++
}

// remove takes a connection out of its list.
func (t *Tracker) remove(f *Flow) {
	l := &t.lists[f.list]
	if f.before == none {
		l.first = f.behind
	} else {
		t.flow(f.before).behind = f.behind
	}
	if f.behind == none {
		l.last = f.before
	} else {
		t.flow(f.behind).before = f.before
	}
	l.size--
}
