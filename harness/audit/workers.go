package audit

import (
	"context"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// each does the work on the numbers of order, several at once, and hands the
// results over one after the other. Work whose result is in doubt is done once
// more when the rest is over, alone; what a sweep did not look at closely enough
// is done once more looking. It stops with the context.
func (r *run) each(ctx context.Context, order []int, work func(int) tried, collect func(int, verdict.Result)) {
	defer r.clock.start(context.WithoutCancel(ctx))() // what ends a cell waits by it, too
	first := map[int]tried{}
	var unseen, doubtful []int
	settle := func(i int, result tried) {
		again := &unseen
		switch {
		case r.overlooks(result):
		case r.doubts(result):
			again = &doubtful
		default:
			if was, before := first[i]; before {
				result.First = &was.Verdict
			}
			collect(i, result.Result)
			return
		}
		*again, first[i] = append(*again, i), result
	}
	r.atOnce(ctx, r.options.Parallel, order, r.late, work, settle)
	defer func(sweeping bool) { r.sweeping = sweeping }(r.sweeping)
	r.sweeping = false // what is tried again is looked at
	r.atOnce(ctx, r.options.Parallel, unseen, nil, work, settle)
	leaves := 0
	r.atOnce(ctx, 1, doubtful, nil, func(i int) tried {
		if leaves >= enough && !r.unproven(first[i]) {
			return first[i] // it leaves processes behind on an idle machine, too
		}
		result := work(i)
		if result.leavesProcess() {
			leaves++
		}
		return result
	}, func(i int, result tried) {
		before := first[i].Verdict
		result.First = &before
		collect(i, r.doubtless(result))
	})
}

// atOnce does the work on the numbers of order, so many at once, and hands the
// results over one after the other. It begins with none any more when late is
// closed, and stops with the context.
func (r *run) atOnce(
	ctx context.Context, parallel int, order []int, late <-chan struct{}, work func(int) tried, collect func(int, tried),
) {
	todo := make(chan int)
	var workers sync.WaitGroup
	var collecting sync.Mutex
	over := false // nothing is collected any more
	for range min(parallel, len(order)) {
		workers.Go(func() {
			for i := range todo {
				result := work(i)
				if ctx.Err() != nil && result.Verdict.Has(verdict.Broken) {
					continue // it was stopped
				}
				collecting.Lock()
				if !over {
					collect(i, result)
				}
				collecting.Unlock()
			}
		})
	}
	for _, i := range order {
		select {
		case <-late: // a worker may be free, too
			continue
		default:
		}
		select {
		case todo <- i:
		case <-late:
		case <-ctx.Done():
		}
	}
	close(todo)
	r.awaitEnd(ctx, &workers)
	collecting.Lock()
	defer collecting.Unlock()
	over = true
}

// awaitEnd waits for workers, but not for long once the context has ended.
func (r *run) awaitEnd(ctx context.Context, workers *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(r.ending):
	}
}
