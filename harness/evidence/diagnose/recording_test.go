package diagnose_test

import (
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/tcp"
)

// at makes events a microsecond apart on the only flow, so that those given
// together in one group have the same time.
func at(groups ...[]evidence.Event) []evidence.Event {
	var events []evidence.Event
	for i, group := range groups {
		for _, event := range group {
			event.At = time.Duration(i) * time.Microsecond
			events = append(events, event)
		}
	}
	return events
}

// judge finds the verdicts of a recording.
func judge(r *evidence.Recording) {
	r.Resets = nil
	for _, verdict := range diagnose.Recording(r) {
		r.Resets = append(r.Resets, verdict.Reset)
	}
}

func one(events ...evidence.Event) []evidence.Event { return events }

// later makes events of one time.
func later(at time.Duration, events ...evidence.Event) []evidence.Event {
	for i := range events {
		events[i].At = at
	}
	return events
}

func packet(from string, p evidence.Packet) evidence.Event {
	p.To = map[string]string{"client": "server", "server": "client"}[from]
	if p.TTL == 0 {
		p.TTL = 64
	}
	return evidence.Event{Host: from, Packet: &p}
}

func note(host, reason string, passive bool) evidence.Event {
	return evidence.Event{Host: host, Trace: &evidence.ResetTrace{
		Name: "tcp_send_reset", Reason: reason, Process: "toy-7", Passive: passive,
	}}
}

func call(host string, op tcp.Op, conn, bytes int) evidence.Event {
	return evidence.Event{Host: host, Call: &evidence.Call{Call: tcp.Call{Op: op, Bytes: bytes,
		Ending: "open"}, Conn: conn}}
}

var (
	syn      = packet("client", evidence.Packet{Flags: "SYN", Window: 65495, IPID: 1})
	data     = packet("client", evidence.Packet{Flags: "PSH ACK", Seq: 1, Ack: 1, Len: 2, Window: 512, IPID: 2})
	answered = packet("server", evidence.Packet{Flags: "ACK", Seq: 1, Ack: 3, Window: 512, IPID: 2})
	ownRST   = packet("server", evidence.Packet{Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512, IPID: 3})
	reply    = packet("server", evidence.Packet{Flags: "RST", Seq: 1})
	refusal  = packet("server", evidence.Packet{Flags: "RST ACK", Ack: 1})
	farRST   = packet("server", evidence.Packet{Flags: "RST ACK", Seq: 1, Ack: 3, Window: 512, IPID: 3, TTL: 57})
	oddRST   = packet("server", evidence.Packet{Flags: "RST", Seq: 1, IPID: 0x7777})
	finish   = packet("server", evidence.Packet{Flags: "FIN ACK", Seq: 1, Ack: 1, Window: 512, IPID: 1})
	accept   = call("server", "accept", 2, 0)
	closed   = evidence.Event{Host: "server", State: &evidence.StateChange{From: "ESTABLISHED", To: "CLOSE"}}
	received = evidence.Event{Host: "server", Trace: &evidence.ResetTrace{Name: "tcp_receive_reset"}}
)

// multipathRST is a RST that says that a device between has changed the data of
// Multipath TCP (RFC 8684, section 3.6).
func multipathRST() []byte {
	ip := layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IPv4(10, 1, 0, 2), DstIP: net.IPv4(10, 1, 0, 3)}
	rst := layers.TCP{SrcPort: 1, DstPort: 2, RST: true, Options: []layers.TCPOption{{
		OptionType: layers.TCPOptionKindMultipathTCP, OptionLength: 4, OptionData: []byte{0x81, 6}}}}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, &ip, &rst); err != nil {
		panic(err)
	}
	return buffer.Bytes()
}

// counted makes counters that nobody else moves.
func counted(counters map[string]int64) []evidence.CounterDelta {
	var deltas []evidence.CounterDelta
	for name, by := range counters {
		deltas = append(deltas, evidence.CounterDelta{Name: name, By: by})
	}
	return deltas
}

// recording returns the situation as a recorder would.
func (s *situation) recording() *evidence.Recording {
	r := &evidence.Recording{
		Events: s.events, Missing: s.missing, Gaps: s.gaps, LostEvents: s.lost, Counters: counted(s.counters),
		Hosts: []evidence.Host{{Name: "client"}, {Name: "server", Private: s.private}},
		Flows: []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
	}
	if s.private {
		r.Counters[0].Host = "server"
	}
	return r
}

func TestVerdicts(t *testing.T) {
	for _, test := range situations() {
		t.Run(test.name, func(t *testing.T) {
			r := test.recording()
			judge(r)
			if len(r.Resets) != 1 {
				t.Fatalf("%d verdicts, want 1:\n%v", len(r.Resets), r)
			}
			got := r.Resets[0]
			want := evidence.Reset{
				Sender: test.sender, Host: test.host, Reason: test.reason, Cause: test.cause, Level: test.level,
				Event: got.Event, Origin: got.Origin, By: got.By, Why: got.Why, Clue: got.Clue,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if !strings.Contains(got.Why+" "+got.Clue, test.words) {
				t.Errorf("the words are %q [%s], want %q in them", got.Why, got.Clue, test.words)
			}
		})
	}
}

// Calls alone tell of no reset where the connection was over before somebody
// aborted it.
func TestWhoAbortsWhatIsOverResetsNobody(t *testing.T) {
	lost := call("client", "read", 1, 0)
	lost.Call.Ending = tcp.Reset
	for _, test := range []struct {
		name   string
		events []evidence.Event
		sender []evidence.Sender
	}{
		{"both had sent their FIN", at(one(accept), one(call("server", "shutdown", 2, 0)),
			one(call("client", "close", 1, 0)), one(call("server", "disconnect", 2, 0))), nil},
		{"one had", at(one(accept), one(call("server", "shutdown", 2, 0)), one(call("server", "abort", 2, 0))),
			[]evidence.Sender{evidence.Application}},
		{"the other had", at(one(accept), one(call("client", "shutdown", 1, 0)), one(call("server", "abort", 2, 0))),
			[]evidence.Sender{evidence.Application}},
		{"it was reset before", at(one(accept), one(lost), one(call("client", "abort", 1, 0))),
			[]evidence.Sender{evidence.Unknown}},
	} {
		r := &evidence.Recording{
			Events:  test.events,
			Missing: []evidence.MissingLane{{Lane: evidence.Wire, Why: "test"}, {Lane: evidence.Kernel, Why: "test"}},
			Flows:   []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
		}
		judge(r)
		var got []evidence.Sender
		for _, reset := range r.Resets {
			got = append(got, reset.Sender)
		}
		if !slices.Equal(got, test.sender) {
			t.Errorf("%s: sent by %v, want %v", test.name, got, test.sender)
		}
	}
}

// severalRSTs are two, of which the host has counted one.
func severalRSTs() *evidence.Recording {
	return &evidence.Recording{
		Events:   at(one(data), one(reply), one(reply)),
		Missing:  []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}},
		Counters: counted(map[string]int64{"OutRsts": 1}),
		Flows:    []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
	}
}

func TestSeveralRSTsAndOneSender(t *testing.T) {
	r := severalRSTs()
	judge(r)
	for i := range r.Resets {
		if r.Resets[i].Sender != evidence.Unknown {
			t.Errorf("got %v, want nobody named: one of the two is not ours", &r.Resets[i])
		}
	}
}

// An abort whose RST could not leave explains none that was on the wire.
func TestAnAbortThatCouldNotLeave(t *testing.T) {
	r := &evidence.Recording{
		Events:   at(one(accept), one(data), one(answered), one(reply)),
		Missing:  []evidence.MissingLane{{Lane: evidence.Kernel, Why: "no root"}},
		Counters: counted(map[string]int64{"OutRsts": 2, "TCPAbortOnData": 1, "TCPAbortFailed": 1}),
		Flows:    []evidence.Flow{{ClientHost: "client", ServerHost: "server"}},
	}
	judge(r)
	if got := r.Resets[0]; got.Sender != evidence.KernelReply || got.Reason != "" {
		t.Errorf("got %v, want an answer for a reason that is not known", &got)
	}
}
