package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// A Watched is a watcher in the background, as the tests of a program want it:
//
//	watched, err := watch.Start(watch.Options{Filter: watch.Filter{Processes: []int{pid}}})
//	...                                    // what the program is to do
//	Expect(watched.Stop()).To(BeEmpty())   // the error is asked for, too
type Watched struct {
	watcher *Watcher
	cancel  context.CancelFunc
	over    chan struct{}
	resets  []Diagnosis
	err     error
}

// Start begins to watch, as [Open] does. What happens after it has returned is
// seen. Filter.Processes are the numbers of processes alone: those that they
// start are others.
func Start(o Options) (*Watched, error) {
	watcher, err := Open(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watched{watcher: watcher, cancel: cancel, over: make(chan struct{})}
	go w.follow(ctx)
	return w, nil
}

func (w *Watched) follow(ctx context.Context) {
	defer close(w.over)
	for {
		some, err := w.watcher.Next(ctx)
		w.resets = append(w.resets, some...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			w.err = err
			break
		}
	}
	if _, lost := w.watcher.Counts(); lost > 0 {
		w.err = errors.Join(w.err, fmt.Errorf("%d events are lost: whether these are all resets is not known", lost))
	}
	w.err = errors.Join(w.err, w.watcher.Close())
}

// Stop ends the watching and returns the resets and failures up to now, in the
// order of their times. The error says that they may not be all. Called again it
// returns the same.
func (w *Watched) Stop() ([]Diagnosis, error) {
	w.cancel()
	<-w.over
	return w.resets, w.err
}

// GomegaString tells a diagnosis in a line, where Gomega would print its fields.
func (d Diagnosis) GomegaString() string {
	text := d.Event.String() + ": " + d.Why
	if d.Cause != "" {
		text += " (" + d.Cause
		for _, or := range d.Or {
			text += ", or " + or
		}
		text += ")"
	}
	return text
}
