package audit

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// cover tries the coarse spots and those between neighbours that differ, by
// what the clients left behind, too.
func (w *sweep) cover(ctx context.Context, before map[uint32]descriptor) {
	w.strike(ctx, w.coarse())
	w.refine(ctx)
	if w.socketsLeft(ctx, before) {
		w.run.sweeping = false
		w.strike(ctx, w.tried())
	}
	w.findLeaks(ctx)
	w.refine(ctx)
}

// refine looks closer between two neighbours that differ, until they are next to
// each other, and strikes those again.
func (w *sweep) refine(ctx context.Context) {
	for ctx.Err() == nil {
		round := w.between()
		if len(round) == 0 {
			if round = w.edges(); len(round) == 0 {
				return
			}
		}
		w.strike(ctx, round)
		if !w.run.sweeping {
			w.findLeaks(ctx)
		}
	}
}

// neighbours calls visit with the spots of each line that have been tried and
// that are next to each other.
func (w *sweep) neighbours(visit func(a, b spot)) {
	for _, l := range w.lines {
		last := int64(-1)
		for at, kind := range w.verdicts[l] {
			if kind == 0 {
				continue
			}
			if last >= 0 {
				visit(spot{l, last}, spot{l, int64(at)})
			}
			last = int64(at)
		}
	}
}

// between returns the spots in the middle of neighbours that differ.
func (w *sweep) between() (spots []spot) {
	w.neighbours(func(a, b spot) {
		if b.at > a.at+1 && w.differ(a, b) {
			spots = append(spots, spot{a.line, a.at + (b.at-a.at)/2})
		}
	})
	return spots
}

// differ says whether two spots have not the same verdict, or one of them not
// the same each time and the other does.
func (w *sweep) differ(a, b spot) bool {
	if w.racy(a) || w.racy(b) {
		return w.racy(a) != w.racy(b)
	}
	return w.verdicts[a.line][a.at] != w.verdicts[b.line][b.at]
}

// racy says whether a spot had several verdicts.
func (w *sweep) racy(s spot) bool {
	had := w.again[s]
	return slices.ContainsFunc(had, func(kind uint16) bool { return kind != had[0] })
}

// repeats is how often the spots at which the verdict changes are struck.
const repeats = 4

// edges returns the spots next to each other that differ, as often as they are
// to be struck again.
func (w *sweep) edges() (spots []spot) {
	w.neighbours(func(a, b spot) {
		if !w.differ(a, b) {
			return
		}
		for _, s := range []spot{a, b} {
			if w.again[s] == nil {
				w.again[s] = []uint16{w.kind(withoutLeaks(w.kinds[w.verdicts[s.line][s.at]-1]))}
				spots = append(spots, slices.Repeat([]spot{s}, repeats-1)...)
			}
		}
	})
	return spots
}

// strike tries spots in random order.
func (w *sweep) strike(ctx context.Context, spots []spot) {
	w.total += len(spots)
	order := rand.New(rand.NewPCG(w.run.options.Seed, uint64(w.total))).Perm(len(spots))
	w.run.each(ctx, order, func(i int) tried {
		s := spots[i]
		return w.run.try(ctx, point.Cell{Place: point.AtByte(s.toward, s.at), Fault: s.fault, Repeat: w.Repeat, Operation: w.Operation})
	}, func(i int, result verdict.Result) {
		w.enter(spots[i], result.Verdict)
		if w.done++; w.Progress != nil {
			w.Progress(w.done, w.total, result)
		}
	})
}

// enter notes a verdict. Of those of a spot that was struck again it keeps the
// worst.
func (w *sweep) enter(s spot, v verdict.Verdict) {
	kind := w.kind(v)
	if w.again[s] != nil {
		w.again[s] = append(w.again[s], w.kind(withoutLeaks(v)))
		if v = w.kinds[w.verdicts[s.line][s.at]-1]; !w.kinds[kind-1].Worse(v) {
			return
		}
	}
	w.verdicts[s.line][s.at] = kind
}

// kind returns the number of a verdict, from 1.
func (w *sweep) kind(v verdict.Verdict) uint16 {
	i := slices.IndexFunc(w.kinds, func(k verdict.Verdict) bool { return k.String() == v.String() })
	if i < 0 {
		i = len(w.kinds)
		w.kinds = append(w.kinds, v)
	}
	return uint16(i + 1)
}

// conclude makes ranges of the verdicts.
func (w *sweep) conclude() {
	w.report.Cells = w.done
	var open *verdict.Range
	for _, l := range w.lines {
		previous := spot{l, -1}
		for at, kind := range w.verdicts[l] {
			s := spot{l, int64(at)}
			switch {
			case kind == 0:
				continue
			case previous.at >= 0 && !w.differ(previous, s):
				open.Last = s.at
				w.addRacy(open, s)
			default:
				w.report.Ranges = append(w.report.Ranges, w.rangeAt(s))
				open = &w.report.Ranges[len(w.report.Ranges)-1]
			}
			previous = s
		}
	}
}

// rangeAt begins a range.
func (w *sweep) rangeAt(s spot) verdict.Range {
	stream, at := w.stream[s.toward], int(s.at)
	r := verdict.Range{
		Toward: s.toward, Fault: s.fault, First: s.at, Last: s.at, Verdict: w.kinds[w.verdicts[s.line][at]-1],
		Before: bytes.Clone(stream[max(0, at-contextBytes):at]), After: bytes.Clone(stream[at:min(len(stream), at+contextBytes)]),
	}
	w.addRacy(&r, s)
	return r
}

// addRacy adds what was seen at a spot whose verdict is not the same each time.
func (w *sweep) addRacy(r *verdict.Range, s spot) {
	if !w.racy(s) {
		return
	}
	for _, kind := range w.again[s] {
		v := w.kinds[kind-1]
		if v.Worse(r.Verdict) {
			r.Verdict = v
		}
		if !slices.Contains(r.Racy, v.String()) {
			r.Racy = append(r.Racy, v.String())
		}
	}
	slices.SortFunc(r.Racy, strings.Compare)
}
