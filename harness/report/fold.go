package report

import (
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

const (
	longRun  = 8 // how many ordinary steps in a row are still drawn one by one
	headOfIt = 2 // how many of a longer run are
)

// fold draws long runs of data as one step for each direction.
func fold(steps []step) []step {
	var out []step
	for len(steps) > 0 {
		n := 0
		for n < len(steps) && ordinary(&steps[n]) {
			n++
		}
		switch {
		case n == 0:
			n = 1
			out = append(out, steps[0])
		case n <= longRun:
			out = append(out, steps[:n]...)
		default:
			out = append(out, steps[:headOfIt]...)
			out = append(out, summary(steps[headOfIt:n])...)
		}
		steps = steps[n:]
	}
	return out
}

const (
	longSpeech = 8 // how many lines in a row of one program are still drawn one by one
	headOfLong = 4 // how many of more are, at the beginning
	tailOfLong = 3 // and at the end
)

// foldLines leaves out the middle of what a program says without a break.
func foldLines(steps []step) []step {
	var out []step
	for len(steps) > 0 {
		n := 0
		for n < len(steps) && steps[n].said() && steps[n].notes[0].host == steps[0].notes[0].host {
			n++
		}
		switch {
		case n == 0:
			n = 1
			out = append(out, steps[0])
		case n <= longSpeech:
			out = append(out, steps[:n]...)
		default:
			out = append(out, steps[:headOfLong]...)
			middle := steps[headOfLong]
			more := plural(int64(n-headOfLong-tailOfLong), "line")
			middle.notes = []note{{host: middle.notes[0].host, flow: -1, kind: aSaid, text: "… " + more + " more"}}
			out = append(append(out, middle), steps[n-tailOfLong:n]...)
		}
		steps = steps[n:]
	}
	return out
}

// ordinary says whether a step is plain data transfer.
func ordinary(s *step) bool {
	for _, n := range s.notes {
		if n.kind != aCall || failed(*n.call) || n.call.Op != tcp.Read && n.call.Op != tcp.Write {
			return false
		}
	}
	if s.segment == nil || s.segment.packet == nil {
		return s.segment == nil && len(s.notes) > 0
	}
	p := s.segment.packet
	return !p.Dropped && !has(p, "SYN") && !has(p, "FIN") && !has(p, "RST") && !has(p, "URG")
}

// A direction is one direction of one connection.
type direction struct{ flow, from, to int }

// A run is ordinary steps being folded.
type run struct {
	steps []step // one for each direction
	at    map[direction]int
	sent  map[direction]*tally
	calls map[callsOf]*tally
	order []callsOf
}

// callsOf are the calls of one kind on one end of a connection.
type callsOf struct {
	host, flow int
	op         tcp.Op
}

// A tally counts segments or calls that carried bytes, and pure
// acknowledgements.
type tally struct{ n, bytes, acks int64 }

func (t *tally) add(bytes int) {
	t.n++
	t.bytes += int64(bytes)
}

// summary folds ordinary steps: one step for each direction, with the calls
// of both ends beside them.
func summary(steps []step) []step {
	r := run{at: map[direction]int{}, sent: map[direction]*tally{}, calls: map[callsOf]*tally{}}
	for _, s := range steps {
		if s.segment != nil {
			r.addSegment(s)
		}
		for _, n := range s.notes {
			c := callsOf{n.host, n.flow, n.call.Op}
			if r.calls[c] == nil {
				r.calls[c] = &tally{}
				r.order = append(r.order, c)
			}
			r.calls[c].add(n.call.Bytes)
		}
	}
	for d, i := range r.at {
		r.steps[i].segment.labels = runLabels(*r.sent[d])
	}
	for _, c := range r.order {
		t := r.calls[c]
		text := fmt.Sprintf("%s() = %s", c.op, count(t.bytes))
		if t.n > 1 {
			text = count(t.n) + "× " + text
		}
		r.place(steps[0].at, note{host: c.host, flow: c.flow, text: text})
	}
	return r.steps
}

func (r *run) addSegment(s step) {
	d := direction{s.flow, s.segment.from, s.segment.to}
	if _, ok := r.at[d]; !ok {
		r.at[d], r.sent[d] = len(r.steps), &tally{}
		r.steps = append(r.steps, step{at: s.at, flow: s.flow, segment: &segment{from: d.from, to: d.to}})
	}
	if n := s.segment.packet.Len; n > 0 {
		r.sent[d].add(n)
	} else {
		r.sent[d].acks++
	}
	into := &r.steps[r.at[d]]
	into.events = append(into.events, s.events...)
}

// place puts a note into the first step of its flow that has room for it, or
// into a new one.
func (r *run) place(at time.Duration, n note) {
	for i := range r.steps {
		s := &r.steps[i]
		if s.flow == n.flow && s.noteAt(n.host) == nil && joinable(s, n.host) {
			s.notes = append(s.notes, n)
			return
		}
	}
	r.steps = append(r.steps, step{at: at, flow: n.flow, notes: []note{n}})
}

// runLabels describes a run of segments at several lengths.
func runLabels(t tally) []string {
	if t.n == 0 {
		return []string{"… " + plural(t.acks, "acknowledgement"), "… " + plural(t.acks, "ACK")}
	}
	short := "… " + plural(t.n, "segment")
	return []string{short + ", " + plural(t.bytes, "byte"), short, "… " + count(t.n)}
}
