package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/program/strace"
)

// A Tracer runs clients in such a way that their system calls are seen. Package
// agent has one for programs.
type Tracer interface {
	// Trace prepares the client of a cell that is about to be run once more.
	Trace(c point.Cell) (Tracing, error)
}

// A Tracing is the client of one cell.
type Tracing interface {
	// Open is as Subject.Open.
	Open(ctx context.Context, to Target) (Client, error)
	// Stop returns the calls when the client has been closed, and gives back what
	// the tracing holds.
	Stop() (*strace.Log, error)
}

// traceCells runs cells with a bad verdict once more, or all of them where cells
// were named, and enters what their clients' system calls tell.
func (r *run) traceCells(ctx context.Context, report *verdict.Report) error {
	if r.options.Tracer == nil {
		return nil
	}
	var todo []int
	for i, c := range report.Cells {
		if c.Strikes > 0 && (c.Verdict.Bad() || len(r.options.Cells) > 0) {
			todo = append(todo, i)
		}
	}
	for n, i := range todo {
		trace, err := r.trace(ctx, report.Cells[i])
		if ctx.Err() != nil {
			report.Stopped = fmt.Sprintf("stopped after the system calls of %d of %s were seen", n, counted(len(todo), "cell"))
			return fmt.Errorf("audit: %s: %w", report.Stopped, ctx.Err())
		}
		if err != nil {
			trace = &verdict.Trace{Says: fmt.Sprintf("the system calls are not known: %v", err)}
		}
		report.Cells[i].Trace = trace
	}
	return nil
}

// trace runs the cell of a result once more.
func (r *run) trace(ctx context.Context, result verdict.Result) (trace *verdict.Trace, err error) {
	cell := point.Cell{Place: result.Place, Fault: result.Fault, Repeat: result.Repeat, Operation: result.Operation}
	tracing, err := r.options.Tracer.Trace(cell)
	if err != nil {
		return nil, err
	}
	subject, options := *r.subject, r.options
	subject.Open, options.Recorder = tracing.Open, nil
	again := newRun(&subject, options)
	defer again.clock.start(context.WithoutCancel(ctx))()
	place, _ := again.place(cell.Place)
	t, l := again.newLocalTrial(cell, place)
	l.strikes = &strikes{}
	traced, err := t.observe(ctx)
	log, err2 := tracing.Stop()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	trace = l.traceOf(log, traced)
	if !slices.Equal(traced.Verdict.Outcomes, result.Verdict.Outcomes) {
		trace.Otherwise = &traced.Verdict
	}
	return trace, nil
}

// strikes are the times at which the audit struck.
type strikes struct {
	mu   sync.Mutex // guards the rest
	list []strikeTime
}

type strikeTime struct {
	connection int // counted from 1 in the cell
	at         time.Time
}

func (s *strikes) note(connection int, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, strikeTime{connection, at})
}

// last is the last strike.
func (s *strikes) last() (strike strikeTime, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return strikeTime{}, false
	}
	return s.list[len(s.list)-1], true
}

// timed is the trigger's watch, whose strikes are noted if that is wanted: with
// the time before the bytes that it sees went on.
func (l *localInjector) timed(connection int) harness.Watcher {
	see := l.trigger.watch(connection)
	if l.strikes == nil {
		return see
	}
	return func(toward harness.End, b []byte) *harness.Cut {
		at := time.Now()
		cut := see(toward, b)
		if cut != nil {
			l.strikes.note(connection, at)
		}
		return cut
	}
}

// timedIdle notes strikes that the clock made.
func (l *localInjector) timedIdle(at time.Time, cut harness.CutReport) {
	if l.strikes == nil {
		return
	}
	for _, strike := range cut.Strikes {
		l.strikes.note(strike.Connection, at)
	}
}
