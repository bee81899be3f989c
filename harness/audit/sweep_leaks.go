package audit

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// socketsLeft says whether this process has sockets that it had not before, and
// does not close within a while.
func (w *sweep) socketsLeft(ctx context.Context, before map[uint32]descriptor) bool {
	bounded, cancel := context.WithTimeout(ctx, ending)
	defer cancel()
	tick := time.NewTicker(ending / 1000)
	defer tick.Stop()
	for {
		now := openSockets()
		maps.DeleteFunc(now, func(inode uint32, _ descriptor) bool { _, old := before[inode]; return old })
		if len(now) == 0 || bounded.Err() != nil {
			return len(now) > 0
		}
		select { // there is no event for somebody else's closing
		case <-tick.C:
		case <-bounded.Done():
		}
	}
}

// tried returns the spots that have a verdict.
func (w *sweep) tried() (spots []spot) {
	for _, l := range w.lines {
		for at, kind := range w.verdicts[l] {
			if kind != 0 {
				spots = append(spots, spot{l, int64(at)})
			}
		}
	}
	return spots
}

// findLeaks enters what clients left behind.
func (w *sweep) findLeaks(ctx context.Context) {
	goroutines, sockets := w.run.leaks(ctx)
	for hygiene, cells := range map[verdict.Hygiene]map[string]bool{verdict.LeakGoroutine: goroutines, verdict.LeakFD: sockets} {
		for id := range cells {
			c, err := point.ParseCell(id)
			toward, at, ok := point.ParseByte(c.Place)
			kinds := w.verdicts[line{toward, c.Fault}]
			if err == nil && ok && at < int64(len(kinds)) && kinds[at] != 0 {
				kinds[at] = w.kind(w.kinds[kinds[at]-1].With(hygiene))
			}
		}
	}
}

// withoutLeaks is a verdict before anybody has looked for what was left behind,
// which is done later.
func withoutLeaks(v verdict.Verdict) verdict.Verdict {
	v.Hygiene = slices.DeleteFunc(slices.Clone(v.Hygiene), func(h verdict.Hygiene) bool { return h == verdict.LeakGoroutine || h == verdict.LeakFD })
	if len(v.Hygiene) == 0 {
		v.Hygiene = []verdict.Hygiene{verdict.Clean}
	}
	return v
}
