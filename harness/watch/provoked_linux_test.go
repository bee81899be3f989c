package watch_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// An expected is what the watcher must say of the end that sent a RST, or of the
// one that received it.
type expected struct {
	kind   watch.Kind
	end    string // its address
	remote string // that of the other end; "": any
	reason tcp.Reason
	was    tcp.State
	causes []string // one of them is the cause that is named, or it is among those that look the same
	sure   bool     // and nothing else looks the same
	owner  int      // the process; 0: nobody's
	how    watch.How
	call   string
	signal string
	unread int64
	most   int  // of a listener: how many connections may wait for accept
	peer   int  // the process at the other end, if that is on this machine and received it
	alone  bool // nobody received it
}

// A provocation makes one RST, and returns what is known of it without any
// tracepoint.
type provocation func(*scene) expected

// provocations are all ways, by what happens.
func provocations() map[string]provocation {
	all := map[string]provocation{}
	for _, some := range []map[string]provocation{byClosing, byAnswer, byProcesses} {
		maps.Copy(all, some)
	}
	return all
}

// open begins to watch, or skips with the reason.
func open(t *testing.T, o watch.Options) *watch.Watcher {
	t.Helper()
	w, err := watch.Open(o)
	switch {
	case err != nil && strings.Contains(err.Error(), "verifier"): // that lies in the program
		t.Fatal(err)
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skip(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// rest returns all that has happened up to now.
func rest(t *testing.T, w *watch.Watcher) []watch.Diagnosis {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var all []watch.Diagnosis
	for {
		some, err := w.Next(over)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
}

// What the watcher says of provoked resets is what the calls say that provoked
// them: how many, why, whose, and how much was unread.
func TestProvoked(t *testing.T) {
	w := open(t, watch.Options{Source: watch.SourceEBPF})
	for name, provoke := range provocations() {
		t.Run(name, func(t *testing.T) {
			d, want := provoked(t, w, provoke)
			check(t, d, want)
			if _, lost := w.Counts(); lost > 0 {
				t.Errorf("%d events are lost", lost)
			}
		})
	}
}

// The tracepoints as text say less. What they say without a question mark is
// right all the same.
func TestProvokedInTracefs(t *testing.T) {
	for name, provoke := range provocations() {
		t.Run(name, func(t *testing.T) {
			d, want := provoked(t, open(t, watch.Options{Source: watch.SourceTracefs}), provoke)
			if d.Kind != want.kind || d.Local.String() != want.end || want.reason != "" && d.Reason != want.reason {
				t.Errorf("got %+v, want %+v", d.Event, want)
			}
			if d.Owner.Sure() && want.owner >= 0 && d.Owner.PID != want.owner {
				t.Errorf("owner: got %v, want %d", d.Owner, want.owner)
			}
			if !want.alone && d.Peer == nil || d.Peer != nil && d.Peer.Owner.Sure() && d.Peer.Owner.PID != want.peer {
				t.Errorf("other end: got %+v, want %d", d.Peer, want.peer)
			}
			if d.Sure() && !slices.Contains(want.causes, d.Cause) {
				t.Errorf("cause: got %s, want one of %v", d.Cause, want.causes)
			}
		})
	}
}

// provoked provokes one reset, and returns what the watcher says of it and what
// it must.
func provoked(t *testing.T, w *watch.Watcher, provoke provocation) (watch.Diagnosis, expected) {
	t.Helper()
	s := listening(t)
	server := netip.MustParseAddrPort(s.listener.Addr().String()) // others may have the port at another address
	want := provoke(s)
	var ours []watch.Diagnosis
	for _, d := range rest(t, w) {
		if d.Local == server || d.Remote == server {
			ours = append(ours, d)
		}
	}
	if len(ours) != 1 {
		t.Fatalf("got %d resets, want 1: %+v", len(ours), ours)
	}
	return ours[0], want
}

func check(t *testing.T, got watch.Diagnosis, want expected) {
	t.Helper()
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"kind", got.Kind, want.kind},
		{"end", got.Local.String(), want.end},
		{"remote", got.Remote.String(), want.remote},
		{"reason", got.Reason, want.reason},
		{"state", got.Was, want.was},
		{"owner", got.Owner.PID, want.owner},
		{"how", got.Owner.How, want.how},
		{"call", got.Call, want.call},
		{"signal", got.Signal, want.signal},
		{"unread", got.Unread, want.unread},
		{"accept queue", got.QueueMost, want.most},
		{"certain", got.Sure(), want.sure},
	} {
		switch {
		case c.what == "call" && want.call == "": // of a bystander
			continue
		case c.what == "remote" && want.remote == "", c.what == "state" && want.was == "", c.what == "reason" && want.reason == "":
			continue
		case want.owner < 0 && (c.what == "owner" || c.what == "how"):
			continue
		}
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
	for _, cause := range want.causes {
		if got.Cause != cause && !slices.Contains(got.Or, cause) {
			t.Errorf("cause: got %s or %v, want %s", got.Cause, got.Or, cause)
		}
	}
	switch {
	case want.alone && got.Peer != nil:
		t.Errorf("other end: got %v, want none", got.Peer)
	case want.alone:
	case got.Peer == nil:
		t.Errorf("the other end is missing")
	case want.peer > 0 && got.Peer.Owner.PID != want.peer:
		t.Errorf("other end: got %v, want process %d", got.Peer.Owner, want.peer)
	case want.peer > 0 && !got.Peer.Owner.Sure():
		t.Errorf("other end: got %v, want to be certain", got.Peer.Owner)
	}
	if t.Failed() {
		t.Logf("%+v\nother end: %+v", got, got.Peer)
	}
}
