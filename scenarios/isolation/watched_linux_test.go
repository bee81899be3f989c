package isolation_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/watch"
)

// A watched is what resetlab watch says of the machine meanwhile.
type watched struct {
	watcher *watch.Watcher
	over    context.CancelFunc
	done    chan error
	all     []watch.Diagnosis

	sent, received, failed map[ends][]*watch.Diagnosis
}

// The ends of a connection, as watched at one of them.
type ends struct{ local, remote string }

// watching begins to watch. Where the machine does not let it, it returns nil.
func watching(t *testing.T) *watched {
	t.Helper()
	w, err := watch.Open(watch.Options{Source: watch.SourceEBPF, Ring: 64 << 20})
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Logf("not watched: %v", err)
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	all := &watched{watcher: w, over: cancel, done: make(chan error, 1)}
	t.Cleanup(func() { cancel(); w.Close() })
	go func() {
		for {
			some, err := w.Next(ctx)
			all.all = append(all.all, some...)
			if err != nil {
				all.done <- err
				return
			}
		}
	}()
	return all
}

// finish ends the watching and sorts what was seen by its ends.
func (w *watched) finish(t *testing.T) {
	t.Helper()
	w.over()
	if err := <-w.done; !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	w.sent, w.received, w.failed = map[ends][]*watch.Diagnosis{}, map[ends][]*watch.Diagnosis{}, map[ends][]*watch.Diagnosis{}
	for i := range w.all {
		d := &w.all[i]
		into := map[watch.Kind]map[ends][]*watch.Diagnosis{watch.Sent: w.sent, watch.Received: w.received, watch.Failed: w.failed}[d.Kind]
		key := ends{d.Local.String(), d.Remote.String()}
		into[key] = append(into[key], d)
	}
}

// nearest finds what was watched of a reset of a recording, at the end that it
// comes from; there is none if nothing was within the second. An answer and an
// abort of the same end may come in the same moment.
func (w *watched) nearest(r *evidence.Recording, reset *evidence.Reset) *watch.Diagnosis {
	from, to := endsOf(r, reset)
	all := w.sent[ends{from, to}]
	alike := slices.DeleteFunc(slices.Clone(all), func(d *watch.Diagnosis) bool {
		return d.Passive != (reset.Sender == evidence.KernelReply)
	})
	if d := near(alike, at(r, reset)); d != nil {
		return d
	}
	return near(all, at(r, reset))
}

// receivedOf is nearest at the end that a RST came to, without what its sender's
// kernel told.
func (w *watched) receivedOf(r *evidence.Recording, reset *evidence.Reset) *watch.Diagnosis {
	from, to := endsOf(r, reset)
	return near(w.received[ends{to, from}], at(r, reset))
}

func near(candidates []*watch.Diagnosis, at time.Time) *watch.Diagnosis {
	apart := func(d *watch.Diagnosis) time.Duration { return d.Time.Sub(at).Abs() }
	if len(candidates) == 0 {
		return nil
	}
	best := slices.MinFunc(candidates, func(a, b *watch.Diagnosis) int { return cmp.Compare(apart(a), apart(b)) })
	if apart(best) > time.Second { // a busy machine: one of another run would be further away
		return nil
	}
	return best
}

// latest finds the last that was watched from then on until a call got to know of
// it, which may be long after on a busy machine. The clocks agree to the second.
func latest(candidates []*watch.Diagnosis, from, until time.Time) *watch.Diagnosis {
	var last *watch.Diagnosis
	for _, d := range candidates {
		if !d.Time.Before(from) && d.Time.Sub(until) < time.Second && (last == nil || d.Time.After(last.Time)) {
			last = d
		}
	}
	return last
}

func at(r *evidence.Recording, reset *evidence.Reset) time.Time {
	return r.Started.Add(r.Events[reset.Event].At)
}

// endsOf are the addresses between which a RST went: those of its segment, where
// the wire was seen.
func endsOf(r *evidence.Recording, reset *evidence.Reset) (from, to string) {
	if p := r.Events[reset.Event].Packet; p != nil && len(p.Data) > 0 {
		if s, ok := new(packets.Decoder).Segment(p.Data, p.Length); ok {
			return plain(s.From.String()), plain(s.To.String())
		}
	}
	flow := r.Flows[reset.Flow]
	if reset.Host == flow.ClientHost {
		return plain(flow.Client), plain(flow.Server)
	}
	return plain(flow.Server), plain(flow.Client)
}

func plain(address string) string {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	return netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port()).String()
}

// recordingsIn reads what a run has stored, on all processors.
func recordingsIn(t *testing.T, directory string) []*evidence.Recording {
	t.Helper()
	paths, err := filepath.Glob(directory + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all, errs := make([]*evidence.Recording, len(paths)), make([]error, len(paths))
	var reading sync.WaitGroup
	processors := runtime.NumCPU()
	for first := range processors {
		reading.Go(func() {
			for i := first; i < len(paths); i += processors {
				all[i], errs[i] = openRecording(paths[i])
			}
		})
	}
	reading.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return all
}

func openRecording(path string) (*evidence.Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return evidence.Read(file)
}
