package watch_test

import (
	"errors"
	"os"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

// A watcher that is closed while somebody waits for the next reset tells him so.
func TestCloseEndsNext(t *testing.T) {
	for _, source := range []string{watch.SourceEBPF, watch.SourceTracefs, watch.SourceCounters} {
		t.Run(source, func(t *testing.T) {
			w := open(t, watch.Options{Source: source})
			waiting, over := make(chan struct{}), make(chan error)
			go func() {
				close(waiting)
				for {
					if _, err := w.Next(t.Context()); err != nil {
						over <- err
						return
					}
				}
			}()
			<-waiting

			for range 2 {
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-over; !errors.Is(err, os.ErrClosed) {
				t.Errorf("Next returned %v, want os.ErrClosed", err)
			}
		})
	}
}
