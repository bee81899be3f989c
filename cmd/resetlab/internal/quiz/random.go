package quiz

import (
	"math/rand/v2"
	"slices"

	"github.com/resetlab/resetlab/harness/script"
)

// A Dealer makes questions without end: of scripts, more and more of whose calls
// are others.
type Dealer struct {
	Level  int // from 1, which is for beginners
	random *rand.Rand
	from   []script.Script
	pool   []script.Line // all calls of all scripts
	asked  map[string]bool
}

// NewDealer starts at level 1. The same seed and the same answers give the same
// questions.
func NewDealer(scripts []script.Script, seed uint64) *Dealer {
	d := &Dealer{Level: 1, random: rand.New(rand.NewPCG(seed, 0)), asked: map[string]bool{}}
	for _, s := range scripts {
		if len(s.Lines) > 0 && !slices.ContainsFunc(s.Lines, takesTime) {
			d.from = append(d.from, s)
			d.pool = append(d.pool, s.Lines...)
		}
	}
	return d
}

// takesTime says whether a call waits for a timer, or for what may not come once
// another call has changed: nobody wants to wait for an answer.
func takesTime(line script.Line) bool {
	c := line.Call
	return c.Verb == script.Await || c.Within > 0 || c.Verb == script.Set && (c.Time > 0 || c.Every > 0)
}

// Answered makes the next questions harder, or easier.
func (d *Dealer) Answered(right bool) {
	if right {
		d.Level++
	} else {
		d.Level = max(1, d.Level-1)
	}
}

// mostCalls bounds the calls of a question: more fit on no screen.
const mostCalls = 14

// Next makes a question that was not asked yet.
func (d *Dealer) Next() Question {
	for tries := 0; ; tries++ {
		// After many tries in vain more is allowed.
		calls := min(d.Level+2, mostCalls) + tries/500
		s, ok := d.changed(min(d.Level, 6)-1, calls)
		if !ok || len(s.Lines) < min(d.Level+1, mostCalls-4) {
			continue
		}
		key := s.String()
		if d.asked[key] {
			continue
		}
		q, ok := About(s, len(s.Lines)-1)
		if !ok || q.Choices[q.Right].Text == string(script.OK) ||
			len(q.Choices) < min(1+d.Level, mostWrong) && tries < 500 {
			continue
		}
		d.asked[key] = true
		return q
	}
}

// changed takes a script up to one of its lines and makes other calls of some,
// or puts new ones in, until it has as many as it may.
func (d *Dealer) changed(changes, calls int) (s script.Script, ok bool) {
	lines := slices.Clone(d.from[d.random.IntN(len(d.from))].Lines)
	for range changes {
		lines = d.change(lines)
	}
	last := d.random.IntN(len(lines))
	if last >= calls {
		return s, false
	}
	s, ok = reread(lines[:last+1])
	if !ok {
		return s, false
	}
	for len(s.Lines) < calls && d.random.IntN(2) == 0 {
		if more, fits := reread(d.insert(s.Lines)); fits {
			s = more
		}
	}
	return s, true
}

// change makes another call of one.
func (d *Dealer) change(lines []script.Line) []script.Line {
	at := d.random.IntN(len(lines))
	if all := others(lines[at]); len(all) > 0 {
		changed := slices.Clone(lines)
		changed[at] = all[d.random.IntN(len(all))]
		if _, ok := reread(changed); ok {
			return changed
		}
	}
	return lines
}

// insert puts one of all calls in, before the last.
func (d *Dealer) insert(lines []script.Line) []script.Line {
	call := d.pool[d.random.IntN(len(d.pool))]
	return slices.Insert(slices.Clone(lines), d.random.IntN(len(lines)), call)
}
