package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// SweepOptions say what a sweep cuts, and how. The zero value of each field is
// good.
type SweepOptions struct {
	Operation point.Operation // Read if empty
	Repeat    point.Repeat    // Once if empty
	Shape     string          // of the reply
	Faults    []point.Fault   // RST and FIN if empty
	Stride    int64           // cut at every Stride-th byte; 0 means 1
	Seed      uint64          // as in Options
	Parallel  int             // as in Options
	Limits    Limits
	Progress  func(done, total int, last verdict.Result)
	Log       func(text string)
}

// Sweep performs one operation again and again, with a cut at every byte of
// both directions, and finds where the verdict changes. With a stride it looks
// closer between two neighbours that differ; a change and its contrary between
// two neighbours stay unseen then. Where a verdict changes, the cuts on both
// sides are made again: what is not the same each time is told as such. Where sockets are left at the end every cut is
// made once more, to see whose they are. An error says that the sweep could not
// be made, or was stopped: the report, if not nil, has what was measured.
func Sweep(ctx context.Context, s Subject, o SweepOptions) (*verdict.SweepReport, error) {
	if err := o.settle(); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if s.Remote != nil {
		return nil, errors.New("sweep: a toxiproxy-server cannot cut at every byte: Options.Cells names bytes for it")
	}
	if _, err := s.matrix(Options{}); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	w := &sweep{SweepOptions: o, verdicts: map[line][]uint16{}, again: map[spot][]uint16{}}
	w.run = newRun(&s, Options{Seed: o.Seed, Parallel: o.Parallel, Limits: o.Limits, Log: o.Log})
	w.run.sweeping, w.run.shape = true, o.Shape
	if err := w.run.makeRoom(); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	w.report = &verdict.SweepReport{
		Version: verdict.ReportVersion, Subject: s.Name, Protocol: s.Protocol.Name(),
		Operation: o.Operation, Repeat: o.Repeat, Seed: w.run.options.Seed, Stride: o.Stride,
	}
	defer w.run.clock.start(context.WithoutCancel(ctx))()
	began, before := time.Now(), openSockets()
	if err := w.measure(ctx); err != nil {
		return nil, fmt.Errorf("sweep: a call without a fault: %w", err)
	}
	w.cover(ctx, before)
	w.conclude()
	w.report.Duration = time.Since(began)
	if err := ctx.Err(); err != nil {
		w.report.Stopped = fmt.Sprintf("stopped after %s", counted(w.report.Cells, "cell"))
		return w.report, fmt.Errorf("sweep: %s: %w", w.report.Stopped, err)
	}
	return w.report, nil
}

func (o *SweepOptions) settle() error {
	if o.Operation == "" {
		o.Operation = point.Read
	}
	if o.Repeat == "" {
		o.Repeat = point.Once
	}
	if len(o.Faults) == 0 {
		o.Faults = []point.Fault{point.RST, point.FIN}
	}
	if o.Stride == 0 {
		o.Stride = 1
	}
	check := Options{Faults: o.Faults, Repeats: []point.Repeat{o.Repeat}, Operations: []point.Operation{o.Operation}, Parallel: o.Parallel}
	switch {
	case o.Stride < 0:
		return fmt.Errorf("stride is %d: allowed are 0 (every byte) and more", o.Stride)
	case slices.ContainsFunc(o.Faults, func(f point.Fault) bool { return slices.Contains(neverAtBytes, f) }):
		return fmt.Errorf("a sweep cuts at bytes: it does not have the faults %s", point.Words(neverAtBytes))
	}
	return check.check()
}

// neverAtBytes are the faults that need more than any byte to strike at.
var neverAtBytes = []point.Fault{point.DataRST, point.ReadRST, point.Refuse, point.CloseNote, point.GoAway, point.RSTStream,
	point.Bytes, point.Joined}

// A line is one direction under one fault: a row of verdicts.
type line struct {
	toward harness.End
	fault  point.Fault
}

// A sweep keeps two bytes a cell, whatever the number of cells.
type sweep struct {
	SweepOptions
	run      *run
	report   *verdict.SweepReport
	stream   map[harness.End][]byte // the healthy exchange
	lines    []line
	verdicts map[line][]uint16 // by byte; 0: not tried, else the index in kinds + 1
	kinds    []verdict.Verdict
	again    map[spot][]uint16 // what each spot that was struck again has had
	done     int
	total    int
}

// measure makes the call without a fault, through a proxy that keeps what
// passes.
func (w *sweep) measure(ctx context.Context) error {
	place, _ := w.run.place(point.AtByte(harness.Client, 1<<40))
	t, l := w.run.newLocalTrial(point.Cell{Place: place.ID, Fault: point.RST, Repeat: point.Once, Operation: w.Operation}, place)
	var mu sync.Mutex
	connections := 0
	passed := map[harness.End][]byte{}
	l.watch = func(int) harness.Watcher {
		mu.Lock()
		defer mu.Unlock()
		connections++
		return func(toward harness.End, b []byte) *harness.Cut {
			mu.Lock()
			defer mu.Unlock()
			passed[toward] = append(passed[toward], b...)
			return nil
		}
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	call := t.newCall(w.Operation, w.Shape)
	answer, returned := t.do(ctx, call)
	t.succeeded = returned && answer.Err == nil
	lost := t.awaitExecuted(ctx, call)
	l.awaitRest(ctx)
	mu.Lock()
	w.stream = maps.Clone(passed)
	mu.Unlock()
	if err := t.close(); err != nil {
		return err
	}
	w.report.Goodbye = int64(len(passed[harness.Server]) - len(w.stream[harness.Server]))
	switch {
	case answer.Unable != nil:
		return answer.Unable
	case !returned:
		return fmt.Errorf("no result within %v", w.run.limits.Time)
	case answer.Err != nil:
		return answer.Err
	case answer.Unimplemented:
		return errors.New("the client cannot perform it")
	case lost != nil && (place.Unanswered || w.Operation == point.Write):
		return lost
	case connections != 1:
		return fmt.Errorf("it took %s: a sweep counts the bytes of one", counted(connections, "connection"))
	}
	w.report.ToServer, w.report.ToClient = int64(len(w.stream[harness.Server])), int64(len(w.stream[harness.Client]))
	return nil
}

// A spot is a byte of a line.
type spot struct {
	line
	at int64
}

// coarse returns the spots at every stride, and the last of each line.
func (w *sweep) coarse() (spots []spot) {
	for _, toward := range []harness.End{harness.Server, harness.Client} {
		for _, fault := range w.Faults {
			l, size := line{toward, fault}, int64(len(w.stream[toward]))
			if size == 0 || (fault == point.HalfClose || fault.Harmless()) && toward == harness.Server {
				continue
			}
			w.lines = append(w.lines, l)
			w.verdicts[l] = make([]uint16, size+1)
			for at := int64(0); at < size; at += w.Stride {
				spots = append(spots, spot{l, at})
			}
			spots = append(spots, spot{l, size})
		}
	}
	return spots
}
