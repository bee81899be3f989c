package watch_test

import (
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch"
)

// A proxy that passes a reset on is told so, with the reset that it got; an abort
// of its own stands for itself, and so does one before which it got several.
func TestBehind(t *testing.T) {
	for name, backends := range map[string]int{"its own": 0, "passed on": 1, "one of two": 2} {
		t.Run(name, func(t *testing.T) {
			w := open(t, watch.Options{Source: watch.SourceEBPF}) // which has seen none of the others
			front := listening(t)
			client, proxied := front.pair()
			front.say(client, proxied, "hello", 5)
			var upstream string // the first one's
			for range backends {
				back := listening(t)
				toBackend, backend := back.pair()
				if upstream == "" {
					upstream = toBackend.LocalAddr().String()
				}
				back.must(backend.SetLinger(0))
				back.must(backend.Close())
				await(back, toBackend, unix.POLLERR)
			}
			front.must(proxied.SetLinger(0))
			front.must(proxied.Close())

			var found, before *watch.Diagnosis
			for _, d := range rest(t, w) {
				switch {
				case d.Local.String() == front.listener.Addr().String():
					found = &d
				case d.Remote.String() == upstream:
					before = &d
				}
			}
			// What comes later than that, as on a busy machine, is not said to be passed on.
			// Of two, the first may then be too old, and the second is taken for the cause.
			soon := found != nil && before != nil && before.Peer != nil && found.Time.Sub(before.Peer.Time) < 50*time.Millisecond
			nothing := backends == 0 || backends == 1 && !soon || backends == 2 && soon
			switch {
			case found == nil || found.Cause != "linger-zero":
				t.Fatalf("got %+v, want an abort", found)
			case nothing && found.Behind != nil:
				t.Errorf("behind %v, want nothing", found.Behind)
			case backends == 1 && soon && (found.Behind == nil || found.Behind.Local.String() != upstream ||
				found.Behind.Owner.PID != os.Getpid() || !found.Behind.Owner.Sure()):
				t.Errorf("behind %+v, want what came to %s", found.Behind, upstream)
			}
		})
	}
}

// listening is a scene with a listener of its own.
func listening(t *testing.T) *scene {
	t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &scene{T: t, listener: listener}
}
