package suite

import (
	"context"
	"errors"
	"sync"
)

// children is how many rounds run at the same time: more than there are
// processors, since specs mostly wait.
const children = 4

// RunTogether is [Run] for those who want to know what the specs see and not
// how they fare: it spreads them over several rounds that run at the same
// time. The results come one at a time.
func RunTogether(ctx context.Context, o Order, each func(Result)) error {
	if err := CheckTemporary(); err != nil {
		return err
	}
	shares := make([]Order, children)
	for i, spec := range o.Specs {
		share := &shares[i%children]
		share.Specs = append(share.Specs, spec)
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	failed := make([]error, children)
	for i, share := range shares {
		share.Record = o.Record
		wait.Go(func() {
			failed[i] = Run(ctx, share, func(r Result) {
				mu.Lock()
				defer mu.Unlock()
				each(r)
			})
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}
