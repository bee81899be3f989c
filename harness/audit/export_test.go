package audit

import (
	"context"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// WatchRecords watches the records of a TLS connection.
func WatchRecords() point.Watcher { return &records{} }

// NewClock makes a clock.
func NewClock() (now func() time.Duration, run func(context.Context)) {
	p := newClock()
	return p.now, p.run
}

// Perform has a client perform a call within limits. The clock that counts its
// time stands still unless ticking.
func Perform(ctx context.Context, c Client, l Limits, ticking bool) (answer Answer, returned bool) {
	r := &run{clock: newClock(), limits: l.orDefaults()}
	if ticking {
		defer r.clock.start(ctx)()
	}
	t := &trial{run: r, client: c, suspension: &suspension{}, injector: &remoteInjector{}} // which sees no connection
	return t.do(ctx, Call{})
}

// RunEnding is Run with another [EndingTime].
func RunEnding(ctx context.Context, s Subject, o Options, ending time.Duration) (*verdict.Report, error) {
	cells, err := s.matrix(o)
	if err != nil {
		return nil, err
	}
	r := newRun(&s, o)
	r.ending = ending
	return r.report(ctx, cells)
}
