package audit

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"time"
)

// A goroutine that a client has been told to end has this long to do so.
const ending = 2 * time.Second

// findLeaks looks for goroutines that the clients of the cells have left
// behind, by their profiler labels, and enters them into the verdicts.
func (r *run) findLeaks(ctx context.Context, cells []Result) {
	bounded, cancel := context.WithTimeout(ctx, ending)
	defer cancel()
	tick := time.NewTicker(ending / 50)
	defer tick.Stop()
	left := r.goroutines()
	for len(left) > 0 && bounded.Err() == nil {
		select { // there is no event for the end of somebody else's goroutine
		case <-tick.C:
		case <-bounded.Done():
		}
		left = r.goroutines()
	}
	for i := range cells {
		if left[cells[i].ID] {
			cells[i].Verdict = withHygiene(cells[i].Verdict, LeakGoroutine)
		}
	}
}

// goroutines returns the cells whose goroutines are there.
func (r *run) goroutines() map[string]bool {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1) // into memory: it cannot fail
	left := map[string]bool{}
	for line := range strings.Lines(profile.String()) {
		if _, label, found := strings.Cut(line, `"`+labelled+`":"`+r.mark); found {
			id, _, _ := strings.Cut(label, `"`)
			left[id] = true
		}
	}
	return left
}
