package watch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch"
)

// ahead is how many refusals are provoked before the watcher has told the first,
// where all are told: their events fill half of its ring.
const ahead = 20_000

// TestNothingIsLost: of refusals as fast as two threads can provoke them, or as the
// watcher can tell each, each is told or, with a rate, counted by its kind; none is
// lost, against what the clients count themselves, and none is told twice; and what
// the watcher keeps does not grow. RESETLAB_FULL=1 makes that 1,000,000 events.
func TestNothingIsLost(t *testing.T) {
	many := 20_000
	if os.Getenv("RESETLAB_FULL") == "1" {
		many = 500_000 // each is sent and received
	}
	for name, rate := range map[string]int{"all are told": 0, "1000 in a second": 1000} {
		t.Run(name, func(t *testing.T) {
			gone, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			gone.Close()
			port := gone.Addr().(*net.TCPAddr).Port
			w := open(t, watch.Options{Source: watch.SourceEBPF, Rate: rate, Filter: watch.Filter{Ports: []uint16{uint16(port)}}})
			before := heap()
			over, cancel := context.WithCancel(t.Context())
			read := make(chan whatWasRead, 1)
			var untold chan struct{} // nil: the clients do not wait for the watcher
			if rate == 0 {
				untold = make(chan struct{}, ahead)
			}
			reading, ended := context.WithCancel(t.Context())
			go func() {
				defer ended()
				read <- readAll(over, w, untold)
			}()
			begun := time.Now()
			refused := refusals(reading, t, port, many, untold)
			took := time.Since(begun)
			cancel()
			r := <-read
			if !errors.Is(r.err, io.EOF) {
				t.Fatal(r.err)
			}
			seen, lost := w.Counts()
			grown := (int64(heap()) - int64(before)) >> 10
			t.Logf("%d refusals, %.0f in a second; %d events, %d lost; %d told and %d only counted; %v of a processor each; "+
				"%d KiB more in the heap at the end, %d at most", refused, float64(refused)/took.Seconds(), seen, lost, r.told,
				r.summary.Folded(), r.busy/time.Duration(seen), grown, (int64(r.most)-int64(before))>>10)
			if lost != 0 || seen != 2*uint64(refused) || r.summary.Total() != refused || rate == 0 && r.told != refused {
				t.Errorf("%d refusals: %d were told, %d of %d events are lost", refused, r.summary.Total(), lost, seen)
			}
			for _, row := range r.summary.Rows() {
				if row.Cause != "refused" || row.Count == 0 {
					t.Errorf("summed up as %+v", row)
				}
			}
			if grown > 8<<10 {
				t.Errorf("%d KiB more in the heap than before", grown)
			}
			runtime.KeepAlive(w)
		})
	}
}

// A whatWasRead is what a watcher told.
type whatWasRead struct {
	told    int64
	summary watch.Summary
	most    uint64 // bytes in the heap
	busy    time.Duration
	err     error
}

// readAll reads until ctx is over, and takes one out of untold for each refusal that
// is told, or lost.
func readAll(ctx context.Context, w *watch.Watcher, untold <-chan struct{}) (r whatWasRead) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var taken int64
	for r.err == nil {
		var some []watch.Diagnosis
		some, r.err = w.Next(ctx)
		for i := range some {
			if some[i].Times == 0 {
				r.told++
			}
			r.summary.Add(&some[i])
		}
		_, lost := w.Counts()
		for ; untold != nil && taken < r.told+int64(lost); taken++ {
			select {
			case <-untold:
			default: // an event of another than the clients, or the second of one refusal
			}
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		r.most = max(r.most, memory.HeapAlloc)
	}
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &usage) == nil {
		r.busy = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return r
}

// heap is how many bytes are in use once what is not has been collected.
func heap() uint64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

// refusals lets two threads connect where nobody listens, as fast as they can or as
// untold has room, and returns how many were refused. A nil untold has always room.
// It stops where ctx is over.
func refusals(ctx context.Context, t *testing.T, port, many int, untold chan<- struct{}) int64 {
	t.Helper()
	var refused atomic.Int64
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for range many / 2 {
				if untold != nil {
					select {
					case untold <- struct{}{}:
					case <-ctx.Done():
						return
					}
				}
				fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
				if err != nil {
					t.Error(err)
					return
				}
				if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err == unix.ECONNREFUSED {
					refused.Add(1)
				}
				unix.Close(fd)
			}
		})
	}
	group.Wait()
	return refused.Load()
}
