package record_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
)

func TestObservedSituations(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) { s.check(t, recordRun(t, lanes, lanes.Address(), s.run), evidence.Observed) })
	}
}

func TestInferredSituations(t *testing.T) {
	lanes := open(t, evidence.Wire, evidence.Counters)
	needs(t, lanes, evidence.Wire)
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) { s.check(t, recordRun(t, lanes, lanes.Address(), s.run), evidence.Inferred) })
	}
}

func TestAppOnlySituations(t *testing.T) {
	lanes := open(t, evidence.Calls)
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) { s.checkTold(t, recordRun(t, lanes, lanes.Address(), s.run)) })
	}
}

// check compares the only verdict of a recording with what is to be said.
func (s situation) check(t *testing.T, r *evidence.Recording, level evidence.Level) {
	t.Helper()
	if r.Level != level || len(r.Resets) != 1 || len(r.Flows) != 1 {
		t.Fatalf("the level is %s and there are %d resets on %d connections, want %s and 1 on 1:\n%v",
			r.Level, len(r.Resets), len(r.Flows), level, r)
	}
	got := r.Resets[0]
	if got.Sender != s.sender || got.Host != s.host || got.Level != level {
		t.Errorf("sent by %s at %q (%s), want %s at %q (%s)", got.Sender, got.Host, got.Level, s.sender,
			s.host, level)
	}
	reason, why := s.reason, s.why
	if level == evidence.Inferred && (s.guess != "" || got.Reason == "" && noisy(r)) {
		reason, why = strings.TrimPrefix(s.guess, "-"), ""
	}
	if got.Reason != reason {
		t.Errorf("the reason is %q, want %q", got.Reason, reason)
	}
	if !strings.Contains(got.Why, why) {
		t.Errorf("the words are %q, want %q in them", got.Why, why)
	}
	if flags := r.Events[got.Event].Packet.Flags; flags != s.flags {
		t.Errorf("on the wire it is %q, want %q", flags, s.flags)
	}
	if cause := causeOf(r, got); cause != s.cause {
		t.Errorf("the cause is %q, want %q", cause, s.cause)
	}
	if !slices.Equal(got.Lost, s.lost) {
		t.Errorf("lost was %+v, want %+v", got.Lost, s.lost)
	}
	if t.Failed() {
		t.Logf("%v", r)
	}
}

// checkTold compares what calls alone can tell: an application that asked for
// the reset, or one that closed before all was read.
func (s situation) checkTold(t *testing.T, r *evidence.Recording) {
	t.Helper()
	if r.Level != evidence.AppOnly {
		t.Fatalf("the level is %s, want %s", r.Level, evidence.AppOnly)
	}
	if s.sender != evidence.Application || s.cause == "" {
		for _, reset := range r.Resets {
			if reset.Sender == evidence.Application && s.cause == "" {
				t.Errorf("calls alone do not tell who sent it: %v", &reset)
			}
		}
		return
	}
	if len(r.Resets) != 1 {
		t.Fatalf("%d resets, want 1:\n%v", len(r.Resets), r)
	}
	got := r.Resets[0]
	if got.Sender != s.sender || got.Host != s.host || causeOf(r,
		got) != s.cause || got.Reason != "" || got.Event != -1 {
		t.Errorf("got %+v, want %s at %s by %s, and no reason: the kernel was not asked", got, s.sender,
			s.host, s.cause)
	}
}

// causeOf names the cause of a reset: a call, or a segment's flags.
func causeOf(r *evidence.Recording, reset evidence.Reset) string {
	if reset.Cause < 0 {
		return ""
	}
	if event := r.Events[reset.Cause]; event.Call != nil {
		return string(event.Call.Op)
	} else if event.Packet != nil {
		return event.Packet.Flags
	}
	return "?"
}

// noisy says whether others use the same counters.
func noisy(r *evidence.Recording) bool {
	return slices.ContainsFunc(r.Counters, func(d evidence.CounterDelta) bool { return d.Noisy })
}

func TestAResetIsFollowedThroughTheProxy(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	r := recordRun(t, lanes, lanes.Address(), closeUnread(lab.Proxied))

	if len(r.Resets) != 2 || len(r.Flows) != 2 {
		t.Fatalf("%d resets on %d connections, want 2 on 2:\n%v", len(r.Resets), len(r.Flows), r)
	}
	server, proxy := r.Resets[0], r.Resets[1]
	if server.Host != "server" || server.Reason != "TCP_ABORT_ON_CLOSE" || r.Flows[server.Flow].ClientHost != "proxy" {
		t.Errorf("first came %v, want the server's toward the proxy", &server)
	}
	if proxy.Host != "proxy" || proxy.Cause != server.Event || r.Flows[proxy.Flow].ClientHost != "client" {
		t.Errorf("then came %v with cause %d, want the proxy's toward the client because of %d", &proxy,
			proxy.Cause, server.Event)
	}
	var hosts []string
	for _, host := range r.Hosts {
		hosts = append(hosts, host.Name)
	}
	if want := []string{"client", "proxy", "server"}; !slices.Equal(hosts, want) {
		t.Errorf("the lifelines are %v, want %v", hosts, want)
	}
	want := []evidence.Loss{{From: "client", Written: 2, Delivered: 1}}
	if !slices.Equal(server.Lost, want) || !slices.Equal(proxy.Lost, want) {
		t.Errorf("lost was %v and %v, want %v from end to end", server.Lost, proxy.Lost, want)
	}
}

func TestNothingIsSeenWhereNobodyResets(t *testing.T) {
	lanes := open(t)
	r := recordRun(t, lanes, lanes.Address(), serving(readAndClose, func(t *testing.T, c *lab.Conn) {
		if err := c.AwaitFinish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}))
	if len(r.Resets) > 0 {
		t.Errorf("resets were seen:\n%v", r)
	}
}

func TestIPv6(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Wire)
	situations[0].check(t, recordRun(t, lanes, netip.IPv6Loopback(), situations[0].run), levelOf(lanes))
}

func TestALabOnTheAddressOfOthers(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Wire)
	localhost := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	other := lab.New()
	defer other.Close()
	r := recordRun(t, lanes, localhost, func(t *testing.T, l *lab.Lab) {
		closeUnread(lab.Direct)(t, other)
		situations[1].run(t, l)
	})
	situations[1].check(t, r, levelOf(lanes))
	if len(r.Flows) != 1 {
		t.Errorf("there are %d connections, want the lab's own one:\n%v", len(r.Flows), r)
	}
}

// levelOf returns the level that lanes give.
func levelOf(lanes *capture.Lanes) evidence.Level {
	level := evidence.Observed
	for _, missing := range lanes.Missing() {
		switch {
		case missing.Lane == evidence.Wire:
			return evidence.AppOnly
		case missing.Lane == evidence.Kernel:
			level = evidence.Inferred
		}
	}
	return level
}
