package diagnose_test

import (
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/tcp"
)

// resend captures the last segment again.
func (t *talk) resend() *talk {
	e := t.events[len(t.events)-1]
	e.At = t.clock
	t.events = append(t.events, e)
	return t
}

// finished is a talk that ends with a FIN each way.
func finished() *talk {
	return exchanged(linuxPeer(0), windowsPeer(9)).send(client, shapeOf("FIN ACK")).send(server, shapeOf("FIN ACK")).
		send(client, shapeOf("ACK"))
}

// TestEndsWithoutRST: what ended a connection that had no RST, and nothing is
// called wrong with what ended well.
func TestEndsWithoutRST(t *testing.T) {
	for _, test := range []struct {
		name  string
		talk  *talk
		end   diagnose.End
		cause string // the first; "": there is none, for nothing is wrong
		harm  diagnose.HarmLevel
		read  tcp.Ending // what the initiator read last
	}{
		{"a clean end", finished(), diagnose.EndFinished, "", diagnose.Harmless, tcp.Finished},
		{"both close at once", exchanged(linuxPeer(0), freeBSDPeer(9)).send(server, shapeOf("FIN ACK")).send(client, shapeOf("FIN ACK")).
			send(server, shapeOf("ACK")), diagnose.EndFinished, "", diagnose.Harmless, tcp.Finished},
		{"a half-close", exchanged(macPeer(0), linuxPeer(9)).send(client, shapeOf("FIN ACK")).say(server, "more").
			send(client, shapeOf("ACK")), diagnose.EndHalfClosed, "", diagnose.HarmUnknown, ""},
		{"the capture ends first", exchanged(linuxPeer(0), linuxPeer(9)), diagnose.EndOpen, "", diagnose.HarmUnknown, ""},
		{"sent again, and then answered", opened(linuxPeer(0), linuxPeer(9)).say(client, "hello").wait(seconds(1)).resend().
			wait(30*time.Millisecond).say(server, "hello").send(client, shapeOf("ACK")), diagnose.EndOpen, "", diagnose.HarmUnknown, ""},
		{"captured three times", func() *talk {
			t := opened(linuxPeer(0), linuxPeer(9))
			for range 3 {
				t.say(client, "hello").resend().resend()
			}
			return t
		}(), diagnose.EndOpen, "", diagnose.HarmUnknown, ""},
		{"sent again and again", opened(linuxPeer(0), linuxPeer(9)).say(client, "hello").wait(seconds(1)).resend().wait(seconds(2)).
			resend().wait(seconds(4)).resend(), diagnose.EndTimedOut, "firewall-drops", diagnose.HarmCertain, ""},
		{"a SYN that nothing answers", begun(linuxPeer(0), linuxPeer(9)).send(client, shapeOf("SYN")).wait(seconds(1)).resend(),
			diagnose.EndUnanswered, "firewall-drops", diagnose.Harmless, tcp.TimedOut},
	} {
		got := test.talk.diagnose(whole)
		d := got[0]
		first := ""
		if len(d.Causes) > 0 {
			first = d.Causes[0]
		}
		if len(got) != 1 || d.End != test.end || d.Event != -1 || first != test.cause || d.Harm.Level != test.harm ||
			d.Initiator.Saw.Read != test.read || d.Part != diagnose.PartUnknown {
			t.Errorf("%s: got %s (%s), causes %q, harm %v, the initiator read %q; want %s, %q, %s, %q", test.name, d.End, d.Why,
				d.Causes, d.Harm, d.Initiator.Saw.Read, test.end, test.cause, test.harm, test.read)
		}
	}
}

// TestUnreachable: an ICMP message ends a connection, unless it ended well.
func TestUnreachable(t *testing.T) {
	for end, talk := range map[diagnose.End]*talk{
		diagnose.EndUnreachable: begun(linuxPeer(0), linuxPeer(9)).send(client, shapeOf("SYN")),
		diagnose.EndFinished:    finished(),
	} {
		c := diagnose.New(evidence.Flow{ClientHost: "A", ServerHost: "B"}, &diagnose.Surroundings{Elsewhere: true})
		for i := range talk.events {
			c.Add(i, &talk.events[i])
		}
		c.Add(len(talk.events), &evidence.Event{Host: "A", ICMP: &evidence.ICMP{From: "R", Message: icmp.HostUnreachable}})
		if d := c.Diagnoses()[0]; d.End != end || (len(d.Causes) > 0) != (end == diagnose.EndUnreachable) {
			t.Errorf("got %s, causes %q; want %s", d.End, d.Causes, end)
		}
	}
}

// TestLacks: what a capture does not show is said.
func TestLacks(t *testing.T) {
	without := func(drop func(int, evidence.Event) bool) func(*talk) func(evidence.Event) (evidence.Event, bool) {
		return func(*talk) func(evidence.Event) (evidence.Event, bool) {
			n := -1
			return func(e evidence.Event) (evidence.Event, bool) { n++; return e, !drop(n, e) }
		}
	}
	for _, test := range []struct {
		name string
		show func(*talk) func(evidence.Event) (evidence.Event, bool)
		lack diagnose.Lack
	}{
		{"all", without(func(int, evidence.Event) bool { return false }), ""},
		{"no handshake", without(func(n int, _ evidence.Event) bool { return n < 3 }), diagnose.LacksBegin},
		{"one direction", without(func(_ int, e evidence.Event) bool { return e.Host == "B" }), diagnose.LacksResponder},
		{"the other one", without(func(_ int, e evidence.Event) bool { return e.Host == "A" }), diagnose.LacksInitiator},
		{"the request is missing", without(func(n int, _ evidence.Event) bool { return n == 3 }), diagnose.LacksSegments},
	} {
		talk := finished()
		d := talk.diagnose(test.show(talk))[0]
		if (test.lack == "") != (len(d.Lacks) == 0) || test.lack != "" && !slices.Contains(d.Lacks, test.lack) {
			t.Errorf("%s: got %q, want %q", test.name, d.Lacks, test.lack)
		}
	}
}

// TestStacks: the systems of the ends, as far as their first segments tell.
func TestStacks(t *testing.T) {
	for _, test := range []struct {
		peer peer
		want diagnose.System
	}{
		{linuxPeer(3), diagnose.Linux}, {windowsPeer(12), diagnose.Windows}, {freeBSDPeer(9), diagnose.BSD},
		{macPeer(1), diagnose.BSD}, {lwIPPeer(2), diagnose.LWIP}, {unknownPeer(244), diagnose.UnknownSystem},
		{peer{[]byte{2}, 48, 1024, true, false}, diagnose.RawSocket},
		{peer{[]byte{2, 4, 8, 1, 3}, 120, 64240, true, true}, diagnose.UnknownSystem}, // Linux has no such TTL
	} {
		d := begun(test.peer, linuxPeer(9)).send(client, shapeOf("SYN")).diagnose(whole)[0]
		if got := d.Initiator.Stack; got.System != test.want || got.Clue == "" {
			t.Errorf("%v: got %v, want %s", test.peer, got, test.want)
		}
	}
}

// TestEveryWireRuleDecidesSomewhere looks for a capture for each line of the
// table of the wire, and for each picture of a RST.
func TestEveryWireRuleDecidesSomewhere(t *testing.T) {
	decided, shown := map[string]bool{}, map[string]bool{}
	note := func(d diagnose.Diagnosis) {
		shown[d.Picture], shown[string(d.End)] = true, true
		for _, rule := range d.Rules {
			decided[rule] = true
		}
	}
	for _, r := range stored(t, "testdata/recordings.json.gz") {
		for _, trial := range blind(r, whole) {
			note(trial.found)
		}
	}
	for _, test := range slices.Concat(otherSystems(), devices(), frontEnds(), forgers(), rarities()) {
		note(test.talk().diagnose(whole)[0])
	}
	for _, j := range judgedICMPs {
		r, err := reported(readSheet(j.sheet).file("raw", func(string) bool { return true }))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Unreachable {
			shown[f.Diagnosis.Picture] = true
		}
	}
	for _, rule := range diagnose.WireRuleNames() {
		if !decided[rule] {
			t.Errorf("no capture is decided by %q", rule)
		}
	}
	for _, p := range diagnose.Pictures() {
		if ends := diagnose.End(p.Name); !shown[p.Name] && !slices.Contains(silent, ends) {
			t.Errorf("no capture shows %q", p.Name)
		}
	}
}

// silent are the ends without a RST, of which [TestEndsWithoutRST] has captures.
var silent = []diagnose.End{diagnose.EndFinished, diagnose.EndHalfClosed, diagnose.EndOpen, diagnose.EndTimedOut,
	diagnose.EndUnanswered, diagnose.EndUnreachable}

// rarities are pictures that neither the scenarios nor other systems show here.
func rarities() []elsewhere {
	return []elsewhere{
		{"SYNs cross", func() *talk {
			t := begun(linuxPeer(0), linuxPeer(9)).send(client, shapeOf("SYN")).send(server, shapeOf("SYN"))
			ack := uint32(4000)
			wrong := shapeOf("ACK")
			wrong.ack = &ack
			return t.wait(30*time.Millisecond).send(server, wrong).send(client, answer(ack))
		}, ini, ini, "simultaneous-open", diagnose.Harmless},
		{"captures at both ends show that it never left the responder", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(9)).wait(30*time.Millisecond).send(server, aborts(false))
			rst := t.events[len(t.events)-1].Packet
			for i := range t.events {
				if p := t.events[i].Packet; p != rst && t.events[i].Host == "B" {
					p.Path = []evidence.Sighting{{Host: "B", Leaving: true}, {Host: "A"}}
				}
			}
			rst.Path = []evidence.Sighting{{Host: "A"}}
			return t
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"probes that are answered, and then a RST", func() *talk {
			t, probe := exchanged(linuxPeer(0), linuxPeer(9)), shapeOf("ACK")
			probe.offset = ^uint32(0)
			return t.wait(seconds(60)).send(client, probe).wait(30*time.Millisecond).send(server, shapeOf("ACK")).
				wait(seconds(60)).send(client, aborts(false))
		}, ini, ini, "idle-timeout", diagnose.HarmPossible},
		{"a buffer is full, and its owner closes", func() *talk {
			full := shapeOf("ACK")
			full.window = 0
			return exchanged(linuxPeer(0), linuxPeer(9)).say(client, "a long upload").wait(30*time.Millisecond).send(server, full).
				wait(30*time.Millisecond).send(server, aborts(true))
		}, res, res, "unread", diagnose.HarmPossible},
		{"plain text at a server of TLS", func() *talk {
			return opened(linuxPeer(0), linuxPeer(9)).say(client, "GET / HTTP/1.1\r\n\r\n").wait(30*time.Millisecond).
				say(server, "\x15\x03\x01\x00\x02\x02\x46").send(server, aborts(false))
		}, res, res, "plain-to-tls", diagnose.HarmPossible},
	}
}
