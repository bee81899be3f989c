package offline_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/flows"
	"github.com/resetlab/resetlab/harness/evidence/offline"
)

func captured(t *testing.T, packets ...filmed) *offline.Report {
	t.Helper()
	r, err := reported(pcap(packets...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTwins: what looks a little like a reset and is none gives no diagnosis.
func TestTwins(t *testing.T) {
	half := newFilm(2).open().ask().send(theClient, "FIN ACK", "").send(theServer, "ACK", "")
	for range 20 {
		half.send(theServer, "PSH ACK", strings.Repeat("x", 100)).send(theClient, "ACK", "")
	}
	again := newFilm(3).open()
	again.send(theClient, "PSH ACK", "hello")
	for range 3 { // and an answer at last
		again.wait(300*time.Millisecond).raw(theClient, "PSH ACK", again.next[theClient]-5, again.next[theServer], "hello")
	}
	again.send(theServer, "ACK", "").finish()
	reused := newFilm(4).open().ask().finish()
	reused.next = [2]uint32{77, 88}
	reused.wait(time.Second).open().ask().finish()
	gone := newFilm(5).open()
	gone.send(theClient, "PSH ACK", "hello")
	for range 5 {
		gone.wait(time.Second).raw(theClient, "PSH ACK", gone.next[theClient]-5, gone.next[theServer], "hello")
	}
	unanswered := newFilm(6)
	for range 4 {
		unanswered.wait(time.Second).raw(theClient, "SYN", 5, 0, "")
	}
	for _, test := range []struct {
		name string
		film *film
		want []offline.Ended
	}{
		{"a clean end", newFilm(1).open().ask().finish(), []offline.Ended{{End: diagnose.EndFinished, Count: 1}}},
		{"a half-close", half, []offline.Ended{{End: diagnose.EndHalfClosed, Count: 1}}},
		{"retransmissions", again, []offline.Ended{{End: diagnose.EndFinished, Count: 1}}},
		{"ports used again", reused, []offline.Ended{{End: diagnose.EndFinished, Count: 2}}},
		{"a peer that is gone", gone, []offline.Ended{{End: diagnose.EndTimedOut, Count: 1}}},
		{"nobody there", unanswered, []offline.Ended{{End: diagnose.EndUnanswered, Count: 1}}},
		{"still open", newFilm(7).open().ask(), []offline.Ended{{End: diagnose.EndOpen, Count: 1}}},
	} {
		r := captured(t, test.film.packets...)
		if len(r.Found) > 0 || r.Connections.Reset > 0 || len(r.Patterns) > 0 {
			t.Errorf("%s: %d connections are reset: %+v", test.name, r.Connections.Reset, r.Found)
		}
		if !slices.Equal(r.Ends, test.want) {
			t.Errorf("%s: ended as %+v, want %+v", test.name, r.Ends, test.want)
		}
	}
}

// aReset is a connection that its server aborts.
func aReset(number int) *film {
	return newFilm(number).open().ask().send(theClient, "PSH ACK", "more").send(theServer, "RST ACK", "")
}

func TestAReset(t *testing.T) {
	r := captured(t, aReset(1).packets...)
	if len(r.Found) != 1 || r.Connections != (offline.Counts{All: 1, Reset: 1}) {
		t.Fatalf("%+v, %d found: want one", r.Connections, len(r.Found))
	}
	f := r.Found[0]
	if f.Client != "10.0.0.1:40001" || f.Server != "10.0.0.2:8080" || f.Resets != 1 || f.Guessed {
		t.Errorf("got %+v", f)
	}
	if f.Sent.ClientBytes != 22 || f.Sent.ServerBytes != 19 {
		t.Errorf("sent %+v, want 22 and 19 bytes", f.Sent)
	}
	if n := len(f.Recording.Events); n != 9 || f.Recording.Events[8].Packet.Seq != 20 {
		t.Errorf("%d events, the last %v", n, &f.Recording.Events[n-1])
	}
	for _, name := range f.Diagnosis.Causes {
		if r.Causes[name].Cure == "" {
			t.Errorf("there is no cure for %s", name)
		}
	}
}

// TestOnePacketSeveralTimes: a capture of all interfaces says the same as that
// of one.
func TestOnePacketSeveralTimes(t *testing.T) {
	once := aReset(1).packets
	var thrice []filmed
	for _, p := range once {
		for i := range 3 {
			thrice = append(thrice, filmed{p.at.Add(time.Duration(i) * 20 * time.Microsecond), p.from, p.data})
		}
	}
	want, got := captured(t, once...), captured(t, thrice...)
	if got.Inputs[0].Repeated != uint64(2*len(once)) || got.Inputs[0].Segments != uint64(len(thrice)) {
		t.Errorf("%d of %d segments were repeated", got.Inputs[0].Repeated, got.Inputs[0].Segments)
	}
	if fmt.Sprint(got.Found[0].Diagnosis) != fmt.Sprint(want.Found[0].Diagnosis) {
		t.Errorf("got %+v, want %+v", got.Found[0].Diagnosis, want.Found[0].Diagnosis)
	}
}

func TestOneDirection(t *testing.T) {
	r := captured(t, aReset(1).only(theServer).packets...)
	if r.Connections.OneWay != 1 || len(r.Found) != 1 || r.Found[0].Server != "10.0.0.2:8080" {
		t.Errorf("%+v: want one way of a reset connection", r.Connections)
	}
}

func TestCutOff(t *testing.T) {
	whole := pcap(slices.Concat(aReset(1).packets, newFilm(2).open().packets)...)
	for cut := range len(whole) {
		r, err := reported(whole[:cut])
		switch {
		case err == nil && r.Segments == 0 && cut > 24:
			t.Errorf("cut off at %d: neither an error nor a segment", cut)
		case err == nil && len(r.Inputs) != 1:
			t.Errorf("cut off at %d: %d inputs", cut, len(r.Inputs))
		}
	}
	r, err := reported(whole[:len(whole)-5])
	if err != nil || r.Connections.Reset != 1 || r.Inputs[0].Error == "" {
		t.Errorf("cut off in its last packet: %v, %+v", err, r)
	}
}

// TestTwoSides: captures of both ends are joined, whatever their clocks say.
func TestTwoSides(t *testing.T) {
	for _, ahead := range []time.Duration{0, 5 * time.Second, -time.Hour} {
		at := aReset(1)
		var client, server []filmed
		for _, p := range at.packets {
			near, far := p.at, p.at.Add(200*time.Microsecond)
			if p.from == theServer {
				near, far = far, near
			}
			client = append(client, filmed{near, p.from, p.data})
			server = append(server, filmed{far.Add(ahead), p.from, p.data})
		}
		forged := aReset(1) // at the client alone
		forged.packets = slices.Clone(client[:len(client)-1])
		forged.at = client[len(client)-1].at
		forged.ttl[theServer] = 255
		forged.send(theServer, "RST ACK", "")
		for _, test := range []struct {
			name   string
			client []filmed
			server []filmed
			path   int
		}{
			{"a RST at both", client, server, 2},
			{"a RST at the client alone", forged.packets, server[:len(server)-1], 1},
		} {
			later := newFilm(2).wait(time.Second).open() // in both
			client, server := slices.Concat(test.client, later.packets), slices.Clone(test.server)
			for _, p := range later.packets {
				server = append(server, filmed{p.at.Add(ahead), p.from, p.data})
			}
			r, err := offline.Diagnose(context.Background(), offline.Options{},
				offline.Input{Name: "client.pcap", Reader: bytes.NewReader(pcap(client...))},
				offline.Input{Name: "server.pcap", Reader: bytes.NewReader(pcap(server...))})
			if err != nil {
				t.Fatal(err)
			}
			if r.Connections.All != 2 || r.Connections.Both != 2 || len(r.Found) != 1 || len(r.Found[0].Inputs) != 2 {
				t.Fatalf("%s, %v apart: %+v: want one in both", test.name, ahead, r.Connections)
			}
			for _, e := range r.Found[0].Recording.Events {
				if e.Packet.RST() && len(e.Packet.Path) != test.path {
					t.Errorf("%s, %v apart: the RST was seen at %v, want %d places", test.name, ahead, e.Packet.Path, test.path)
				}
				if path := e.Packet.Path; e.Packet.Has("SYN") && e.Host == flows.Server &&
					!slices.Equal(path, []evidence.Sighting{{Host: "server.pcap"}, {Host: "client.pcap"}}) {
					t.Errorf("%s, %v apart: the SYN ACK went by %v", test.name, ahead, path)
				}
			}
		}
	}
}

// TestBehindANAT: captures before and after a NAT are joined by their numbers.
func TestBehindANAT(t *testing.T) {
	outside := aReset(1)
	inside := newFilm(1)
	inside.ends[theClient] = netAddress("192.168.1.9:50000")
	inside.open().ask().send(theClient, "PSH ACK", "more").send(theServer, "RST ACK", "")
	r, err := offline.Diagnose(context.Background(), offline.Options{},
		offline.Input{Name: "inside", Reader: bytes.NewReader(pcap(inside.packets...))},
		offline.Input{Name: "outside", Reader: bytes.NewReader(pcap(outside.packets...))})
	if err != nil || len(r.Found) != 1 {
		t.Fatalf("%v, %d found: want one", err, len(r.Found))
	}
	if got := r.Found[0]; got.Client != "192.168.1.9:50000" || !strings.Contains(got.NAT, "10.0.0.1:40001") {
		t.Errorf("%s behind %q", got.Client, got.NAT)
	}
	other := newFilm(2) // the same way, and another connection
	r, err = offline.Diagnose(context.Background(), offline.Options{},
		offline.Input{Name: "inside", Reader: bytes.NewReader(pcap(inside.packets...))},
		offline.Input{Name: "outside", Reader: bytes.NewReader(pcap(other.open().ask().finish().packets...))})
	if err != nil || r.Connections.All != 2 || r.Connections.Both != 0 {
		t.Errorf("%v, %+v: want two connections", err, r.Connections)
	}
}

// reported is the report on one capture or printed trace.
func reported(input []byte) (*offline.Report, error) {
	return offline.Diagnose(context.Background(), offline.Options{}, offline.Input{Reader: bytes.NewReader(input)})
}
