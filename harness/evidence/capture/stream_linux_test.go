package capture_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// Segments and what the kernel says of them stream while connections live, to
// those who ask for them.
func TestStreams(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Wire)
	needs(t, lanes, evidence.Kernel)
	ip := lanes.Address()
	segments, err := lanes.Segments(ip)
	check(t, err)
	events, err := lanes.KernelEvents(nil)
	check(t, err)
	others, err := lanes.Segments(lanes.Address())
	check(t, err)

	server := resetOnce(t, ip)

	rst := awaitFact(t, segments, func(s evidence.Segment) bool { return s.Packet.RST() && s.From == server })
	event := awaitFact(t, events, func(e capture.KernelEvent) bool {
		return e.Name == evidence.ResetSent && e.Local == server
	})
	if event.Reason == "" || event.Precision != time.Microsecond || event.At.Sub(rst.At).Abs() > time.Second {
		t.Errorf("the kernel said %+v of the RST at %v", event, rst.At)
	}
	for _, status := range []capture.Status{closed(t, segments), closed(t, events)} {
		if !status.Whole(rst.At, event.At) || status.Lost > 0 || len(status.Gaps) > 0 {
			t.Errorf("the status is %+v, want it to be whole from %v to %v", status, rst.At, event.At)
		}
		if late := status.Began.Add(-time.Millisecond); status.Whole(late, event.At) {
			t.Errorf("it began at %v, and is said to be whole from %v", status.Began, late)
		}
	}
	if rest, _, err := others.Close(); err != nil || len(rest) > 0 {
		t.Errorf("another address has %d segments (%v), want none", len(rest), err)
	}
}

// What was sent while the ring was full is lost, and said to be. It is whole
// again when there is room.
func TestAFullRingIsTold(t *testing.T) {
	lanes := open(t, evidence.Wire)
	needs(t, lanes, evidence.Wire)
	ip := lanes.Address()
	stream, err := lanes.Segments(ip)
	check(t, err)
	before := time.Now()
	release := lanes.Hold()
	for range 5000 { // of 4 segments each; the ring has room for 16,384
		resetOnce(t, ip)
	}
	full := time.Now()
	release()
	awaitStatus(t, stream, func(s capture.Status) bool { return s.Lost > 0 }) // there is room again
	server := resetOnce(t, ip)
	awaitFact(t, stream, func(s evidence.Segment) bool { return s.Packet.RST() && s.From == server })
	again := time.Now()
	resetOnce(t, ip)
	after := time.Now()
	status := closed(t, stream)

	if status.Lost == 0 || len(status.Gaps) == 0 || !strings.Contains(status.Gaps[0].Why, "full") {
		t.Fatalf("the status is %+v, want losses", status)
	}
	if status.Whole(before, full) || !status.Whole(again, after) {
		t.Errorf("whole from %v to %v: %t, then from %v to %v: %t, want only the latter:\n%+v", before, full,
			status.Whole(before, full), again, after, status.Whole(again, after), status)
	}
}

// The kernel's events are not whole while somebody has the trace switched off,
// though both ends of that time were seen; and while its clock is another.
func TestATraceThatIsDisturbedSaysSo(t *testing.T) {
	for _, test := range []struct{ file, bad, good, words string }{
		{"tracing_on", "0", "1", "trace_marker"},
		{"trace_clock", "mono", "tai", "clocks differ"},
	} {
		t.Run(test.file, func(t *testing.T) {
			lanes := open(t)
			needs(t, lanes, evidence.Kernel)
			stream, err := lanes.KernelEvents(nil)
			check(t, err)
			before := time.Now()
			awaitStatus(t, stream, func(s capture.Status) bool { return s.Whole(before, before) })

			check(t, lanes.Set(test.file, test.bad))
			disturbed := time.Now()
			broken := awaitStatus(t, stream, func(s capture.Status) bool { return len(s.Gaps) > 0 })
			if why := broken.Gaps[0].Why; !strings.Contains(why, test.words) {
				t.Errorf("the gap is because of %q, want %q in it", why, test.words)
			}
			check(t, lanes.Set(test.file, test.good))
			again := awaitStatus(t, stream, func(s capture.Status) bool {
				return s.Until.After(s.Gaps[len(s.Gaps)-1].To)
			})
			status := closed(t, stream)

			if status.Whole(before, again.Until) || status.Whole(disturbed, disturbed) {
				t.Errorf("disturbed at %v and said to be whole: %+v", disturbed, status)
			}
			if !status.Whole(before, before) || !status.Whole(again.Until, again.Until) {
				t.Errorf("not whole at %v or not at %v, when nothing was wrong: %+v", before, again.Until, status)
			}
		})
	}
}

// Behind the last stream nothing is opened any more, not even for a moment: who
// looks for descriptors that leak would come upon it.
func TestNothingIsDoneWithoutAStream(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	stream, err := lanes.KernelEvents(nil)
	check(t, err)
	if before, after := lanes.Tick(), lanes.Tick(); after <= before {
		t.Errorf("%d marks were written, then %d: want more", before, after)
	}
	closed(t, stream)
	if before, after := lanes.Tick(), lanes.Tick(); after != before {
		t.Errorf("%d marks were written, then %d, though nobody listens", before, after)
	}
}

// A capture whose socket is gone sees nothing more, and says so.
func TestACaptureThatEndedSaysSo(t *testing.T) {
	lanes := capture.Open(evidence.Wire)
	defer lanes.Close() // which finds the socket closed
	needs(t, lanes, evidence.Wire)
	stream, err := lanes.Segments(lanes.Address())
	check(t, err)
	lanes.CloseWire()
	ended := awaitStatus(t, stream, func(s capture.Status) bool { return len(s.Gaps) > 0 })
	if now := time.Now(); ended.Whole(now, now) || !strings.Contains(ended.Gaps[0].Why, "capture ended") {
		t.Errorf("the status is %+v, want an open gap", ended)
	}
}

// On the whole machine a segment of the loopback passes once.
func TestSegmentsOfTheMachine(t *testing.T) {
	stream, err := capture.MachineSegments()
	if err != nil {
		t.Skip(err)
	}
	server := resetOnce(t, netip.MustParseAddr("127.77.1.2"))
	var rsts int
	rest, status, err := stream.Close()
	check(t, err)
	for _, s := range rest {
		if s.From == server && s.Packet.RST() {
			rsts++
		}
	}
	if rsts != 1 && status.Lost == 0 {
		t.Errorf("%d RSTs were captured, want 1", rsts)
	}
}

// In a namespace of its own a host is seen to send and to receive, and its
// counters are its own.
func TestANamespace(t *testing.T) {
	l := lab.New()
	defer l.Close()
	client, server, err := netlab.Pair(l)
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	check(t, err)
	stream, err := capture.Segments(client, nil)
	check(t, err)
	counters, err := capture.Counters(client, time.Hour)
	check(t, err)
	_, err = l.Host("client").Dial(t.Context(), netip.AddrPortFrom(server.IP(), 9).String())
	if err == nil {
		t.Fatal("somebody listens")
	}
	readings, _, err := counters.Close()
	check(t, err)
	segments, status, err := stream.Close()
	check(t, err)

	if len(segments) != 2 || !segments[0].Leaving || segments[1].Leaving || !segments[1].Packet.RST() || status.Lost > 0 {
		t.Errorf("got %+v, want a SYN that left and a RST that came", segments)
	}
	first, last := readings[0], readings[len(readings)-1]
	if by := last.Values["AttemptFails"] - first.Values["AttemptFails"]; by != 1 || len(readings) != 2 {
		t.Errorf("AttemptFails moved by %d in %d readings, want 1 in 2", by, len(readings))
	}
}

// resetOnce has a connection to an address of the loopback reset by its server,
// whose address it returns.
func resetOnce(t *testing.T, ip netip.Addr) (server netip.AddrPort) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	check(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	check(t, err)
	defer client.Close()
	conn, err := listener.AcceptTCP()
	check(t, err)
	conn.SetLinger(0)
	check(t, conn.Close())
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Fatal("the client was not reset")
	}
	return netip.MustParseAddrPort(listener.Addr().String())
}

// awaitFact returns the first fact of a stream that is wanted.
func awaitFact[F any](t *testing.T, stream *capture.Stream[F], wanted func(F) bool) F {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	for {
		facts, err := stream.Next(ctx)
		check(t, err)
		for _, fact := range facts {
			if wanted(fact) {
				return fact
			}
		}
	}
}

// awaitStatus polls a stream until its status is as it is wanted.
func awaitStatus[F any](t *testing.T, stream *capture.Stream[F], wanted func(capture.Status) bool) capture.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		status := stream.Status()
		if wanted(status) {
			return status
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Fatalf("it did not come to pass; the status is %+v", status)
		}
	}
}

func closed[F any](t *testing.T, stream *capture.Stream[F]) capture.Status {
	t.Helper()
	_, status, err := stream.Close()
	check(t, err)
	return status
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
