package flows

// none is the number of no connection.
const none = -1

// A list is connections in the order in which they were heard of.
type list struct {
	first, last int32
	size        int
}

// A link has the neighbours of a connection in its list. Links stand beside each
// other and not in the connections, so that most of them are in a processor's
// cache.
type link struct {
	before, behind int32
}

// append puts a connection at the end of a list.
func (t *Tracker) append(f *state, to uint8) {
	l := &t.lists[to]
	f.list, t.links[f.at] = to, link{before: l.last, behind: none}
	if l.last == none {
		l.first = f.at
	} else {
		t.links[l.last].behind = f.at
	}
	l.last = f.at
	l.size++
}

// remove takes a connection out of its list.
func (t *Tracker) remove(f *state) {
	l, of := &t.lists[f.list], t.links[f.at]
	if of.before == none {
		l.first = of.behind
	} else {
		t.links[of.before].behind = of.behind
	}
	if of.behind == none {
		l.last = of.before
	} else {
		t.links[of.behind].before = of.before
	}
	l.size--
}
