package isolation_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// What watch says of the scenarios' resets is held against what they know
// themselves: which process ended a connection, how much its program had not
// read by its own calls, and the cause that the scenario is registered with. What
// it names without "or" and without a question mark must never be wrong.
func TestWatchOfTheScenarios(t *testing.T) {
	w, err := watch.Open(watch.Options{Source: watch.SourceEBPF, Ring: 64 << 20})
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skip(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watched := make(chan watchedOrNot, 1)
	go func() {
		var all watchedOrNot
		for all.err == nil {
			var some []watch.Diagnosis
			some, all.err = w.Next(ctx)
			all.diagnoses = append(all.diagnoses, some...)
		}
		watched <- all
	}()
	recordings, said := verdictsOf(t, nil)
	cancel()
	all := <-watched
	if !errors.Is(all.err, io.EOF) {
		t.Fatal(all.err)
	}
	seen, lost := w.Counts()
	t.Logf("%s%d events, %d lost, %d diagnoses", said, seen, lost, len(all.diagnoses))
	var tally watchTally
	byEnds := map[[2]string][]*watch.Diagnosis{}
	for i := range all.diagnoses {
		if d := &all.diagnoses[i]; d.Kind == watch.Sent {
			key := [2]string{d.Local.String(), d.Remote.String()}
			byEnds[key] = append(byEnds[key], d)
		}
	}
	for _, r := range recordings {
		for i := range r.Resets {
			tally.compare(t, r, &r.Resets[i], byEnds)
		}
	}
	tally.judge(t, lost)
}

// watchedOrNot is what has been watched, up to an error.
type watchedOrNot struct {
	diagnoses []watch.Diagnosis
	err       error
}

// A share is how many of how many are right.
type share struct{ right, of int }

func (s *share) add(right bool) {
	s.of++
	if right {
		s.right++
	}
}

func (s share) String() string {
	return fmt.Sprintf("%d of %d (%.1f %%)", s.right, s.of, 100*float64(s.right)/float64(max(1, s.of)))
}

// least says whether at least that share is right.
func (s share) least(percent int) bool { return s.right*100 >= s.of*percent }

// A watchTally counts what is right.
type watchTally struct {
	found, reason, process, unread, cause share
	wrong                                 int // named without a doubt, and wrong
	between                               int // no kernel sent them
}

// compare compares one reset with what was watched.
func (c *watchTally) compare(t *testing.T, r *evidence.Recording, reset *evidence.Reset, byEnds map[[2]string][]*watch.Diagnosis) {
	if reset.Sender == evidence.Between || reset.Sender == evidence.Unknown || reset.Event < 0 {
		c.between++
		return
	}
	d := nearest(r, reset, byEnds)
	c.found.add(d != nil)
	if d == nil {
		t.Logf("not watched: %s: %v", r.Spec, reset)
		return
	}
	c.reason.add(string(d.Reason) == reset.Reason)
	if string(d.Reason) != reset.Reason {
		t.Logf("reason: %s: watched %s, recorded %s", r.Spec, d.Reason, reset.Reason)
	}
	if process, _, _ := strings.Cut(reset.By, " "); reset.Sender == evidence.Application && process != "" {
		who := d.Owner.Process
		if d.Cause == "destroyed" { // by another one than its owner
			who = d.AtHand
		}
		right := who.String() == process
		c.process.add(right)
		if !right {
			t.Logf("process: %s: watched %v (%s), recorded %s", r.Spec, d.Owner, d.Owner.How, process)
		}
	}
	c.compareUnread(t, r, reset, d)
	if slices.ContainsFunc(r.Hosts, func(h evidence.Host) bool { return h.Name == reset.Host && h.Proxy }) {
		c.cause.add(d.Cause == "linger-zero") // so this project's proxy passes a reset on, whatever the scenario's cause
		return
	}
	c.compareCause(t, r, reset, d)
}

// nearest finds what was watched of a reset.
func nearest(r *evidence.Recording, reset *evidence.Reset, byEnds map[[2]string][]*watch.Diagnosis) *watch.Diagnosis {
	flow := r.Flows[reset.Flow]
	local, remote := flow.Server, flow.Client
	if reset.Host == flow.ClientHost {
		local, remote = remote, local
	}
	at := r.Started.Add(r.Events[reset.Event].At)
	apart := func(d *watch.Diagnosis) time.Duration { return d.Time.Sub(at).Abs() }
	candidates := byEnds[[2]string{plain(local), plain(remote)}]
	if len(candidates) == 0 {
		return nil
	}
	best := slices.MinFunc(candidates, func(a, b *watch.Diagnosis) int { return cmp.Compare(apart(a), apart(b)) })
	if apart(best) > time.Second { // a busy machine: one of another run would be further away
		return nil
	}
	return best
}

func plain(address string) string {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	return netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port()).String()
}

// compareUnread holds the unread bytes against the calls of both ends, where
// nothing was on its way any more.
func (c *watchTally) compareUnread(t *testing.T, r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis) {
	if d.Reason != "TCP_ABORT_ON_CLOSE" || len(reset.Lost) != 1 || len(r.Flows) != 1 || reset.Lost[0].From == reset.Host {
		return
	}
	lost := reset.Lost[0].Written - reset.Lost[0].Delivered
	right := d.Unread > 0 && d.Unread <= lost
	c.unread.add(right)
	if !right {
		t.Logf("unread: %s: watched %d, of %d lost", r.Spec, d.Unread, lost)
	}
}

// byCalls says whether the journal's calls of the end that sent the RST are what
// the cause says that its program did. Scenarios have resets that are not what
// they are about.
func byCalls(r *evidence.Recording, reset *evidence.Reset, cause string) bool {
	called := func(op tcp.Op) bool {
		return slices.ContainsFunc(r.Events[:reset.Event], func(e evidence.Event) bool {
			return e.Call != nil && e.Flow == reset.Flow && e.Host == reset.Host && e.Call.Op == op
		})
	}
	switch cause {
	case "linger-zero":
		return called(tcp.Abort)
	case "unread":
		return (called(tcp.Close) || called(tcp.Abort)) && len(reset.Lost) > 0
	case "listener-closed", "refused": // no program ever had it
		return !slices.ContainsFunc(r.Events, func(e evidence.Event) bool {
			return e.Call != nil && e.Flow == reset.Flow && e.Host == reset.Host
		})
	case "wrote-after-close":
		return called(tcp.Close) || called(tcp.Abort)
	}
	return false
}

// compareCause holds the causes against those that the scenario is registered
// with, their names and groups, and against the calls.
func (c *watchTally) compareCause(t *testing.T, r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis) {
	spec, ok := catalogue.FindSpec(r.Spec)
	if !ok {
		return
	}
	registered := func(name string) bool {
		cause, _ := causes.Find(name)
		return slices.Contains(spec.Labels, "cause:"+name) || slices.Contains(spec.Labels, "cause:"+cause.Group)
	}
	right := slices.ContainsFunc(append([]string{d.Cause}, d.Or...), registered) || byCalls(r, reset, d.Cause)
	c.cause.add(right)
	switch {
	case right:
	case d.Sure():
		c.wrong++
		t.Logf("CERTAIN: %s %v: watched %s: %v", r.Spec, spec.Labels, d.Cause, &d.Event)
	default:
		t.Logf("cause: %s %v: watched %s or %v: %v", r.Spec, spec.Labels, d.Cause, d.Or, &d.Event)
	}
}

// judge prints the figures, and fails where they are too low.
func (c *watchTally) judge(t *testing.T, lost uint64) {
	t.Helper()
	t.Logf("found %v; reason %v; process %v; unread %v; cause %v, certain and of another scenario %d; %d that no kernel sent",
		c.found, c.reason, c.process, c.unread, c.cause, c.wrong, c.between)
	switch {
	case c.found.of == 0:
		t.Error("there was nothing to compare: this proves nothing")
	case lost > 0:
		t.Errorf("%d events are lost", lost)
	case !c.found.least(99), !c.reason.least(99), !c.process.least(99), !c.unread.least(99):
		t.Error("less than 99 in 100 are right")
	case c.wrong > 0:
		t.Errorf("%d causes are named without a doubt, and are others", c.wrong)
	case !c.cause.least(95):
		t.Error("less than 95 in 100 causes are right")
	}
}
