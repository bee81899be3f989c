package netlab_test

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/netlab"
)

func tapOf(t testing.TB, h *netlab.Host) *netlab.Tap {
	t.Helper()
	tap, err := h.Tap()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { succeed(t, tap.Close()) })
	return tap
}

// await waits for a segment.
func await(t testing.TB, tap *netlab.Tap, match func(netlab.Segment) bool) netlab.Segment {
	t.Helper()
	segment, err := tap.Await(within(t), match)
	if err != nil {
		t.Fatal(err)
	}
	return segment
}

// withData matches a segment with data that arrives.
func withData(s netlab.Segment) bool { return len(s.Payload) > 0 && !s.Outgoing }

func TestATapSeesBothDirections(t *testing.T) {
	l, _, router, _ := triple(t)
	tap := tapOf(t, router)

	near, far, listener := connected(t, l)
	pass(t, near, far)
	near.Abort()
	far.AwaitReset(within(t))

	seen, err := tap.Seen()
	succeed(t, err)
	story := map[netip.AddrPort][]string{}
	next := map[netip.AddrPort]uint32{}
	for _, s := range seen {
		again := len(story[s.Source]) > 0 && s.Next() == next[s.Source] && s.Flags&netlab.RST == 0
		if s.Outgoing || again && s.Flags != netlab.ACK { // it was seen arriving, or is a retransmission
			continue
		}
		story[s.Source] = append(story[s.Source], s.Flags.String())
		next[s.Source] = s.Next()
	}
	for end, want := range map[netip.AddrPort][]string{
		at(near.LocalAddr()):      {"SYN", "ACK", "PSH ACK", "RST ACK"},
		at(listener.TCP().Addr()): {"SYN ACK", "ACK"},
	} {
		if got := slices.Compact(story[end]); !slices.Equal(got, want) {
			t.Errorf("%v sent %v, want %v", end, got, want)
		}
	}
	again, err := tap.Seen()
	succeed(t, err)
	if len(again) != 0 {
		t.Errorf("%d segments were seen twice", len(again))
	}
}

func TestAwaitNamesWhatItPassedOver(t *testing.T) {
	l, client, server := pair(t)
	tap := tapOf(t, client)
	connected(t, l)
	ctx, cancel := context.WithCancelCause(within(t))

	_, err := tap.Await(ctx, func(s netlab.Segment) bool {
		if s.Flags == netlab.ACK {
			cancel(context.Canceled)
		}
		return false
	})

	expectError(t, "await", err, context.Canceled)
	if err == nil || !strings.Contains(err.Error(), "SYN ACK seq") {
		t.Errorf("the error does not name the SYN-ACK that passed: %v", err)
	}
	// The tap goes on after a wait that was given up.
	near, err := l.Host("client").Dial(within(t), netip.AddrPortFrom(server.IP(), 9).String())
	expectError(t, "dial", err, syscall.ECONNREFUSED)
	near.Close()
	await(t, tap, func(s netlab.Segment) bool { return s.Flags&netlab.RST != 0 })
}

func TestALostSegmentIsAnError(t *testing.T) {
	l, client, _ := pair(t)
	tap := tapOf(t, client)
	near, far, _ := connected(t, l)
	go func() {
		near.Write(make([]byte, 8<<20))
		near.Close()
	}()
	buffer := make([]byte, 1<<16)
	for {
		if _, err := far.Read(buffer); err != nil {
			break
		}
	}

	if seen, err := tap.Seen(); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("%d segments seen of 8 MiB, and the error is %v", len(seen), err)
	}
}

// A device in the middle forges RSTs: the exact sequence number ends the
// connection, another in the window is challenged, one outside is ignored
// (RFC 5961, section 3.2).
func TestForgedResets(t *testing.T) {
	for _, test := range []struct {
		name       string
		offset     uint32
		want       error // of the client's read; nil: it lives
		challenges int64
	}{
		{"exact", 0, syscall.ECONNRESET, 0},
		{"in the window", 1, nil, 1},
		{"out of the window", 1 << 30, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) { forgeToClient(t, test.offset, test.want, test.challenges) })
	}
}

// forgeToClient has the router forge a RST, so far from the sequence number
// that the client expects.
func forgeToClient(t *testing.T, offset uint32, want error, challenges int64) {
	l, client, router, _ := triple(t)
	succeed(t, client.SetSysctl("net.ipv4.tcp_invalid_ratelimit", "0")) // a late SYN-ACK would count
	tap, wire := tapOf(t, router), tapOf(t, client)
	near, far, _ := connected(t, l)
	pass(t, near, far)
	data := await(t, tap, withData)
	before := counter(t, client, "TCPChallengeACK")

	forged := netlab.Segment{
		Source: data.Destination, Destination: data.Source, Seq: data.Ack + offset,
		Flags: netlab.RST, TTL: 57, ID: 0x7777,
	}
	succeed(t, router.Forge(forged))

	got := await(t, wire, func(s netlab.Segment) bool { return s.Flags&netlab.RST != 0 })
	if got.TTL != 57 || got.ID != 0x7777 || got.Seq != forged.Seq || got.Source != forged.Source {
		t.Errorf("on the wire was %v, want %v", got, forged)
	}
	if challenges > 0 {
		await(t, wire, func(s netlab.Segment) bool { return s.Outgoing && s.Flags == netlab.ACK })
	}
	if want != nil {
		expectError(t, "read", readError(near), want)
	} else {
		pass(t, far, near)
	}
	if got := counter(t, client, "TCPChallengeACK") - before; got != challenges {
		t.Errorf("the client challenged %d times, want %d", got, challenges)
	}
	if got := far.Outcome().Ending; got != harness.Open {
		t.Errorf("the server's end is %s, want open", got)
	}
}

func TestAForgedResetTowardTheServer(t *testing.T) {
	l, _, router, server := triple(t)
	tap := tapOf(t, router)
	near, far, _ := connected(t, l)
	pass(t, near, far)
	data := await(t, tap, withData)

	succeed(t, router.Forge(netlab.Segment{
		Source: data.Source, Destination: data.Destination, Seq: data.Next(), Flags: netlab.RST,
	}))

	expectError(t, "read", readError(far), syscall.ECONNRESET)
	if got := counter(t, server, "InErrs") + counter(t, server, "InCsumErrors"); got != 0 {
		t.Errorf("the server counts %d bad segments, want 0", got)
	}
}

func TestAForgedResetWithABadChecksumIsIgnored(t *testing.T) {
	l, _, router, server := triple(t)
	tap := tapOf(t, router)
	near, far, _ := connected(t, l)
	pass(t, near, far)
	data := await(t, tap, withData)

	succeed(t, router.Forge(netlab.Segment{
		Source: data.Source, Destination: data.Destination, Seq: data.Next(), Flags: netlab.RST, BadChecksum: true,
	}))

	for ctx := within(t); counter(t, server, "InCsumErrors") == 0; runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("the server has counted no bad checksum")
		}
	}
	pass(t, near, far)
}

// An end that ignores RSTs of another TTL than its peer's outlives a forged
// one, and obeys its peer's own.
func TestForgedResetsCanBeIgnored(t *testing.T) {
	l, client, router, _ := triple(t)
	block(t, client, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Reset: true, NotTTL: 63}) // one hop
	tap, wire := tapOf(t, router), tapOf(t, client)
	near, far, _ := connected(t, l)
	pass(t, near, far)
	data := await(t, tap, withData)

	succeed(t, router.Forge(netlab.Segment{
		Source: data.Destination, Destination: data.Source, Seq: data.Ack, Flags: netlab.RST, TTL: 57,
	}))

	await(t, wire, func(s netlab.Segment) bool { return s.Flags == netlab.RST })
	pass(t, far, near)
	far.Abort()
	expectError(t, "read", readError(near), syscall.ECONNRESET)
}
