package audit

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// ending is how long the goroutines of a client that was closed may take to end.
const ending = 2 * time.Second

// findLeaks looks for what the clients of the cells have left behind and
// enters it into the verdicts: goroutines by their profiler labels, sockets by
// their inodes.
func (r *run) findLeaks(ctx context.Context, cells []verdict.Result) {
	goroutines, sockets := r.leaks(ctx)
	for i := range cells {
		if goroutines[cells[i].ID] {
			cells[i].Verdict = cells[i].Verdict.With(verdict.LeakGoroutine)
		}
		if sockets[cells[i].ID] {
			cells[i].Verdict = cells[i].Verdict.With(verdict.LeakFD)
		}
	}
}

// leaks returns the cells that have left something behind. What is still there
// gets a while to end.
func (r *run) leaks(ctx context.Context) (goroutines, sockets map[string]bool) {
	bounded, cancel := context.WithTimeout(ctx, ending)
	defer cancel()
	tick := time.NewTicker(ending / 1000)
	defer tick.Stop()
	for {
		goroutines, sockets = r.goroutines(), r.descriptors()
		if len(goroutines)+len(sockets) == 0 || bounded.Err() != nil {
			return goroutines, sockets
		}
		select { // there is no event for the end of somebody else's goroutine
		case <-tick.C:
		case <-bounded.Done():
		}
	}
}

// noteSocket remembers which cell a client's socket belongs to.
func (r *run) noteSocket(inode uint32, cell string) {
	r.noting.Lock()
	defer r.noting.Unlock()
	if inode != 0 {
		r.sockets[inode] = cell
	}
}

// descriptors returns the cells whose clients' sockets this process has open.
func (r *run) descriptors() map[string]bool {
	r.noting.Lock()
	defer r.noting.Unlock()
	left := map[string]bool{}
	for inode := range openSockets() {
		if cell, ours := r.sockets[inode]; ours {
			left[cell] = true
		}
	}
	return left
}

// goroutines returns the cells whose goroutines are there.
func (r *run) goroutines() map[string]bool {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1) // into memory: it cannot fail
	left := map[string]bool{}
	for line := range strings.Lines(profile.String()) {
		if _, label, found := strings.Cut(line, `"`+cellLabel+`":"`+r.idPrefix); found {
			id, _, _ := strings.Cut(label, `"`)
			left[id] = true
		}
	}
	return left
}
