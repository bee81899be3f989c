package flows_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/flows"
)

// A wire is segments between two ends, each a millisecond behind the one before.
type wire struct {
	at             time.Time
	client, server netip.AddrPort
	id             int
	segments       []evidence.Segment
}

func newWire() *wire {
	return &wire{at: time.Unix(1_700_000_000, 0),
		client: netip.MustParseAddrPort("10.0.0.1:40000"), server: netip.MustParseAddrPort("10.0.0.2:80")}
}

func (w *wire) wait(d time.Duration) { w.at = w.at.Add(d) }

// send adds a segment: "> PSH ACK" is the client's.
func (w *wire) send(what string, seq, ack uint32, payload int) {
	way, words, _ := strings.Cut(what, " ")
	s := evidence.Segment{At: w.at, From: w.client, To: w.server}
	if way == "<" {
		s.From, s.To = w.server, w.client
	}
	w.id++
	s.Packet = evidence.Packet{Flags: words, Seq: seq, Ack: ack, Len: payload, Length: payload + 40, Window: 512,
		TTL: 64, IPID: w.id}
	w.segments = append(w.segments, s)
	w.wait(time.Millisecond)
}

// open adds a handshake with these initial numbers.
func (w *wire) open(client, server uint32) {
	w.send("> SYN", client, 0, 0)
	w.send("< SYN ACK", server, client+1, 0)
	w.send("> ACK", client+1, server+1, 0)
}

// A seen is what is compared of a connection.
type seen struct {
	first, last string
	flow        flows.Flow
	events      []evidence.Event
}

func track(limits flows.Limits, segments []evidence.Segment) (all []seen, t *flows.Tracker) {
	t = flows.New(limits, func(f *flows.Flow) {
		s := seen{flow: *f, events: f.Events()}
		if len(s.events) > 0 {
			s.first, s.last = s.events[0].String(), s.events[len(s.events)-1].String()
		}
		all = append(all, s)
	})
	for i := range segments {
		t.Add(&segments[i])
	}
	t.Close()
	return all, t
}

func TestNumbersCountFromTheSYN(t *testing.T) {
	w := newWire()
	w.open(0xffff_fff0, 5000) // the client's numbers wrap
	w.send("> PSH ACK", 0xffff_fff1, 5001, 100)
	w.send("< ACK", 5001, 85, 0)
	w.send("< RST ACK", 5001, 85, 0)
	all, _ := track(flows.Limits{}, w.segments)
	if len(all) != 1 {
		t.Fatalf("%d connections, want 1", len(all))
	}
	f := all[0]
	if want := "client → server SYN seq 0"; f.first != want {
		t.Errorf("got %q, want %q", f.first, want)
	}
	if want := "server → client RST ACK seq 1 ack 101"; f.last != want {
		t.Errorf("got %q, want %q", f.last, want)
	}
	client, server := f.flow.Sent()
	if client.Bytes != 100 || server.Bytes != 0 || client.Again != 0 || f.flow.Lost() != 0 {
		t.Errorf("sent %+v and %+v, %d lost: want 100 bytes of the client's", client, server, f.flow.Lost())
	}
	if n, _ := f.flow.Resets(); n != 1 {
		t.Errorf("%d resets, want 1", n)
	}
}

func TestPortsUsedAgain(t *testing.T) {
	w := newWire()
	w.open(1000, 5000)
	w.send("> FIN ACK", 1001, 5001, 0)
	w.send("< FIN ACK", 5001, 1002, 0)
	w.send("> ACK", 1002, 5002, 0)
	w.wait(time.Second)
	w.open(9000, 7000)
	w.send("< RST ACK", 7001, 9001, 0)
	all, _ := track(flows.Limits{}, w.segments)
	if len(all) != 2 || all[0].flow.Reused || !all[1].flow.Reused {
		t.Fatalf("%d connections, want 2 of which the second is on used ports", len(all))
	}
	if n, _ := all[0].flow.Resets(); n != 0 {
		t.Errorf("the first has %d resets, want none", n)
	}
	if want := "server → client RST ACK seq 1 ack 1"; all[1].last != want {
		t.Errorf("got %q, want %q", all[1].last, want)
	}
}

func TestASYNSentAgainBeginsNothing(t *testing.T) {
	w := newWire()
	w.send("> SYN", 1000, 0, 0)
	w.wait(time.Second)
	w.send("> SYN", 1000, 0, 0)
	w.wait(2 * time.Second)
	w.send("> SYN", 1000, 0, 0)
	all, _ := track(flows.Limits{}, w.segments)
	if len(all) != 1 {
		t.Fatalf("%d connections, want 1", len(all))
	}
	if client, _ := all[0].flow.Sent(); client.Again != 2 {
		t.Errorf("sent again %d times, want 2", client.Again)
	}
}

func TestWhatIsCapturedMoreThanOnceCountsOnce(t *testing.T) {
	for _, test := range []struct {
		name  string
		times int
		later time.Duration
		point bool // at another interface
		id    int  // IP's number; 0: there is none
		want  uint64
	}{
		{"on two interfaces", 2, 50 * time.Microsecond, true, 7, 1},
		{"on four, IPv6", 4, 10 * time.Microsecond, true, 0, 3},
		{"through a slow bridge", 2, 10 * time.Millisecond, true, 0, 1},
		{"sent again, with a number of its own", 2, 200 * time.Millisecond, false, 7, 0},
		{"sent again, without one", 2, 3 * time.Millisecond, false, 0, 0},
	} {
		w := newWire()
		w.open(1000, 5000)
		w.send("> PSH ACK", 1001, 5001, 10)
		last := &w.segments[len(w.segments)-1]
		last.Packet.IPID = test.id
		for i := range test.times - 1 {
			s := *last
			s.At = s.At.Add(time.Duration(i+1) * test.later)
			if test.point {
				s.Point = i + 1
			}
			w.segments = append(w.segments, s)
		}
		all, tracker := track(flows.Limits{}, w.segments)
		client, _ := all[0].flow.Sent()
		if tracker.Repeated != test.want || client.Bytes != 10 {
			t.Errorf("%s: %d left out and %d bytes, want %d and 10", test.name, tracker.Repeated, client.Bytes, test.want)
		}
		if client.Again != uint64(test.times-1)-test.want {
			t.Errorf("%s: sent again %d times", test.name, client.Again)
		}
	}
}

// TestBulkIsSums: of a long connection the ends are kept, and sums of the rest.
func TestBulkIsSums(t *testing.T) {
	w := newWire()
	w.open(1000, 5000)
	const blocks = 1000
	for i := range uint32(blocks) {
		w.send("< PSH ACK", 5001+100*i, 1001, 100)
		w.send("> ACK", 1001, 5101+100*i, 0)
	}
	w.send("> RST", 1001, 0, 0)
	all, _ := track(flows.Limits{}, w.segments)
	events := all[0].events
	if len(events) > 30 {
		t.Fatalf("%d events, want no more than 30", len(events))
	}
	sums, packets := map[string]evidence.Bulk{}, 0
	for _, e := range events {
		if e.Bulk != nil {
			sums[e.Host] = *e.Bulk
		} else {
			packets++
		}
	}
	server, client := sums[flows.Server], sums[flows.Client]
	if got := server.Segments + client.Segments + int64(packets); got != int64(len(w.segments)) {
		t.Errorf("%d segments, want %d", got, len(w.segments))
	}
	if server.Bytes != server.Data*100 || server.Data == 0 || client.Data != 0 {
		t.Errorf("the server's sums are %+v, the client's %+v", server, client)
	}
	if last := events[len(events)-2].String(); !strings.Contains(last, "ack 100001") {
		t.Errorf("before the RST is %q", last)
	}
}

func TestWhatACaptureDoesNotShow(t *testing.T) {
	w := newWire()
	w.send("> PSH ACK", 77_000, 99_000, 10)
	w.send("< ACK", 99_000, 77_010, 0)
	w.send("< ACK", 99_000, 78_010, 0) // of a thousand bytes that are not there
	all, _ := track(flows.Limits{}, w.segments)
	f := all[0].flow
	if !f.Guessed || f.Client() != w.client || f.Server() != w.server || f.Lost() != 1 || f.OneWay() {
		t.Errorf("guessed %v: %v → %v, %d lost", f.Guessed, f.Client(), f.Server(), f.Lost())
	}
	if want := "client → server PSH ACK seq 1 ack 1 len 10"; all[0].first != want {
		t.Errorf("got %q, want %q", all[0].first, want)
	}
	w = newWire()
	w.send("< RST", 99_000, 0, 0)
	if all, _ = track(flows.Limits{}, w.segments); !all[0].flow.OneWay() || all[0].first != "server → client RST seq 0" {
		t.Errorf("got %q", all[0].first)
	}
}

func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name    string
		end     func(w *wire)
		silence time.Duration // to a second
		alone   bool
		bore    time.Duration
	}{
		{"the RST breaks it", func(w *wire) { w.send("< RST ACK", 5001, 1001, 0) }, 60 * time.Second, true, 0},
		{"it is answered by the RST", func(w *wire) {
			w.send("> PSH ACK", 1001, 5001, 5)
			w.send("< RST", 5001, 0, 0)
		}, 60 * time.Second, false, 0},
		{"it was survived", func(w *wire) {
			w.send("> PSH ACK", 1001, 5001, 5)
			w.send("< ACK", 5001, 1006, 0)
			w.send("< RST ACK", 5001, 1006, 0)
		}, 0, false, 60 * time.Second},
	} {
		w := newWire()
		w.open(1000, 5000)
		w.wait(time.Minute)
		test.end(w)
		all, _ := track(flows.Limits{}, w.segments)
		silence, alone := all[0].flow.Silence()
		if silence.Round(time.Second) != test.silence || alone != test.alone || all[0].flow.Bore().Round(time.Second) != test.bore {
			t.Errorf("%s: %v, alone %v, bore %v", test.name, silence, alone, all[0].flow.Bore())
		}
	}
}

// TestNamedHosts: hosts that a printed trace names are told apart by their names.
func TestNamedHosts(t *testing.T) {
	named := func(name string, port uint16) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr("100::1%"+name), port)
	}
	var all []evidence.Segment
	for _, client := range []string{"a.example", "b.example"} {
		w := newWire()
		w.client, w.server = named(client, 40000), named("www.example", 80)
		w.open(1000, 5000)
		all = append(all, w.segments...)
	}
	found, _ := track(flows.Limits{}, all)
	if len(found) != 2 || found[0].flow.Client() != named("a.example", 40000) || found[1].flow.Server() != named("www.example", 80) {
		t.Errorf("%d connections, want one of a.example and one of b.example", len(found))
	}
}

// TestLimits: whatever comes, what is kept is bounded, and what was ended for
// want of room is counted.
func TestLimits(t *testing.T) {
	limits := flows.Limits{Open: 100, Over: 10, Segments: 400}
	w := newWire()
	for i := range 1000 {
		w.client = netip.AddrPortFrom(w.client.Addr(), uint16(10_000+i))
		w.open(1000, 5000)
		for j := range uint32(20) {
			w.send("> PSH ACK", 1001+10*j, 5001, 10)
		}
	}
	all, tracker := track(limits, w.segments)
	if len(all) != 1000 || tracker.Forced < 900 {
		t.Errorf("%d connections, %d of which were forced, want 1000 and most", len(all), tracker.Forced)
	}
	if !slices.IsSortedFunc(all, func(a, b seen) int { return int(a.flow.Client().Port()) - int(b.flow.Client().Port()) }) {
		t.Error("not the oldest one was ended")
	}
	for _, s := range all {
		if client, _ := s.flow.Sent(); client.Bytes != 200 {
			t.Fatalf("%v has %d bytes, want 200", s.flow.Client(), client.Bytes)
		}
	}
}

func ExampleTracker() {
	w := newWire()
	w.open(1000, 5000)
	w.send("< RST ACK", 5001, 1001, 0)
	t := flows.New(flows.Limits{}, func(f *flows.Flow) {
		resets, _ := f.Resets()
		fmt.Println(f.Client(), "→", f.Server(), resets)
	})
	for i := range w.segments {
		t.Add(&w.segments[i])
	}
	t.Close()
	// Output: 10.0.0.1:40000 → 10.0.0.2:80 1
}
