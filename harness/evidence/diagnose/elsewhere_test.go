package diagnose_test

import (
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// An elsewhere is a capture of other systems than those of this laboratory, made
// by hand after their shapes and after descriptions, and the verdict on its
// first RST, written down before any was asked for.
type elsewhere struct {
	name  string
	talk  func() *talk
	truth diagnose.Part // where its RSTs come from
	part  diagnose.Part // what the whole capture tells of that: the same, or that it does not tell
	cause string        // one of those that must be named
	harm  diagnose.HarmLevel
}

// The parts, in short.
const (
	ini     = diagnose.PartInitiator
	res     = diagnose.PartResponder
	mid     = diagnose.PartBetween
	unknown = diagnose.PartUnknown
)

// views are what captures show of a talk: all of it, one direction, or what a
// printed trace shows.
func views() map[string]func(evidence.Event) (evidence.Event, bool) {
	only := func(host string) func(evidence.Event) (evidence.Event, bool) {
		return func(e evidence.Event) (evidence.Event, bool) { return e, e.Host == host }
	}
	printed := func(unknown evidence.Fields) func(evidence.Event) (evidence.Event, bool) {
		return func(e evidence.Event) (evidence.Event, bool) {
			p := *e.Packet
			if options, ok := p.TCPOptions(); ok && unknown&evidence.FieldOptions == 0 {
				p.Options = &options
			}
			p.Data, p.Unknown = nil, unknown // and no payload
			for field, forget := range map[evidence.Fields]func(){
				evidence.FieldTTL: func() { p.TTL = 0 }, evidence.FieldIPID: func() { p.IPID = 0 },
				evidence.FieldWindow: func() { p.Window = 0 },
			} {
				if unknown&field != 0 {
					forget()
				}
			}
			return evidence.Event{At: e.At, Flow: e.Flow, Host: e.Host, Packet: &p}, true
		}
	}
	header := evidence.FieldTTL | evidence.FieldIPID
	return map[string]func(evidence.Event) (evidence.Event, bool){
		"all of it":           whole,
		"the initiator alone": only("A"),
		"the responder alone": only("B"),
		"tcpdump -v":          printed(0),
		"tcpdump":             printed(header),
		"tcpdump -q":          printed(header | evidence.FieldWindow | evidence.FieldOptions),
	}
}

func whole(e evidence.Event) (evidence.Event, bool) { return e, true }

// TestElsewhere: what the whole capture tells is right, and names the cause; what
// less of it tells is weaker, and never wrong.
func TestElsewhere(t *testing.T) {
	all := slices.Concat(otherSystems(), devices(), frontEnds(), forgers(), rarities())
	if len(all) < 40 {
		t.Errorf("there are %d captures, want 40 or more", len(all))
	}
	told := 0
	for _, test := range all {
		found := test.talk().diagnose(whole)[0]
		if found.Part != test.part || !slices.Contains(found.Causes, test.cause) || found.Harm.Level != test.harm {
			t.Errorf("%s: got %s (%s), causes %q, harm %s (%s), by %q %q [%s]; want %s, %s, %s", test.name, found.Part, found.Sure,
				found.Causes[:min(4, len(found.Causes))], found.Harm.Level, found.Harm.Why, found.Rules, found.Picture, found.Clue,
				test.part, test.cause, test.harm)
		}
		if found.Part != unknown {
			told++
		}
		for view, show := range views() {
			for _, d := range test.talk().diagnose(show) {
				if d.End == diagnose.EndReset && d.Sure != diagnose.Undecided && d.Part != test.truth {
					t.Errorf("%s, %s: wrong with confidence: %s (%s) by %q [%s], want %s", test.name, view, d.Part, d.Sure,
						d.Rules, d.Clue, test.truth)
				}
			}
		}
	}
	t.Logf("of %d captures %d were answered, the others left open", len(all), told)
}

// seconds is a time.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// otherSystems are the RSTs of other systems' stacks.
func otherSystems() []elsewhere {
	quit := "QUIT\r\n"
	return []elsewhere{
		{"Windows aborts", func() *talk {
			return exchanged(linuxPeer(0), windowsPeer(9)).wait(seconds(3)).send(server, aborts(true))
		},
			res, res, "idle-timeout", diagnose.HarmPossible},
		{"Windows aborts, the client", func() *talk { return exchanged(windowsPeer(0), linuxPeer(9)).send(client, aborts(true)) },
			ini, ini, "left-early", diagnose.HarmPossible},
		{"Windows ends with RST in the place of a FIN", func() *talk {
			return exchanged(linuxPeer(0), windowsPeer(9)).send(client, shapeOf("FIN ACK")).wait(30*time.Millisecond).send(server, aborts(true))
		}, res, res, "linger-zero", diagnose.Harmless},
		{"Windows refuses", func() *talk {
			zero := uint32(0)
			return begun(linuxPeer(0), windowsPeer(9)).send(client, shapeOf("SYN")).wait(30*time.Millisecond).
				send(server, form{flags: "RST ACK", number: &zero, id: -1})
		}, res, unknown, "refused", diagnose.Harmless},
		{"Windows answers what came behind its close", func() *talk {
			return exchanged(linuxPeer(0), windowsPeer(9)).send(server, shapeOf("FIN ACK")).say(client, "GET /more HTTP/1.1\r\n\r\n").
				wait(30*time.Millisecond).send(server, aborts(true))
		}, res, res, "unread", diagnose.HarmPossible},
		{"Windows gives a silent peer up", func() *talk {
			t := exchanged(windowsPeer(0), linuxPeer(9))
			for range 10 {
				probe := shapeOf("ACK")
				probe.text, probe.offset, probe.silence = "\x00", ^uint32(0), true
				t.wait(seconds(1)).send(client, probe)
			}
			return t.wait(seconds(1)).send(client, aborts(true))
		}, ini, ini, "keepalive-gave-up", diagnose.HarmPossible},
		{"FreeBSD aborts", func() *talk { return exchanged(linuxPeer(0), freeBSDPeer(12)).send(server, aborts(false)) },
			res, res, "unread", diagnose.HarmPossible},
		{"FreeBSD answers QUIT behind its close", func() *talk {
			t := exchanged(linuxPeer(0), freeBSDPeer(12)).send(server, shapeOf("FIN ACK")).say(client, quit)
			return t.wait(30*time.Millisecond).send(server, answer(t.next[server]))
		}, res, res, "wrote-after-close", diagnose.Harmless},
		{"macOS answers a close_notify behind its close", func() *talk {
			t := exchanged(macPeer(0), linuxPeer(8)).send(client, shapeOf("FIN ACK")).wait(30*time.Millisecond).
				say(server, "\x15\x03\x03\x00\x1a89012345678901234567890123456")
			return t.send(client, answer(t.next[client])).send(client, answer(t.next[client]))
		}, ini, ini, "wrote-after-close", diagnose.Harmless},
		{"macOS leaves during a response", func() *talk {
			t := exchanged(macPeer(0), linuxPeer(8)).send(client, shapeOf("FIN ACK"))
			for range 3 {
				t.say(server, "<p>more of it</p>").send(client, answer(t.next[client]))
			}
			return t
		}, ini, ini, "left-early", diagnose.HarmCertain},
		{"lwIP aborts", func() *talk { return exchanged(linuxPeer(0), lwIPPeer(1)).send(server, aborts(false)) },
			res, res, "unread", diagnose.HarmPossible},
		{"lwIP has forgotten", func() *talk {
			t := exchanged(linuxPeer(0), lwIPPeer(1)).wait(seconds(600)).say(client, "GET /again HTTP/1.1\r\n\r\n")
			return t.wait(30*time.Millisecond).send(server, answer(t.next[server]))
		}, res, unknown, "restarted", diagnose.HarmCertain},
		{"a Linux server aborts, with bytes unread", func() *talk {
			return exchanged(windowsPeer(0), linuxPeer(9)).say(client, "more").wait(30*time.Millisecond).send(server, aborts(false))
		},
			res, res, "unread", diagnose.HarmPossible},
		{"a Linux client gives a slow query up after a minute", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(9)).say(client, "select pg_sleep(3600)").wait(30 * time.Millisecond)
			return t.send(server, shapeOf("ACK")).wait(seconds(60)).send(client, aborts(false))
		}, ini, ini, "linger-zero", diagnose.HarmPossible},
		{"a Linux with IPv6 aborts", func() *talk {
			t := begun(linuxPeer(0), linuxPeer(7))
			t.six = true
			t.send(client, shapeOf("SYN")).wait(t.trip).send(server, shapeOf("SYN ACK")).send(client, shapeOf("ACK"))
			return t.say(client, "hello").wait(t.trip).send(server, shapeOf("ACK")).wait(seconds(2)).send(server, aborts(false))
		}, res, res, "idle-timeout", diagnose.HarmPossible},
		{"a Linux server refuses an upload", func() *talk {
			t := opened(macPeer(0), linuxPeer(11)).say(client, "POST / HTTP/1.1\r\n\r\n").wait(30*time.Millisecond).say(server, "HTTP/1.1 413 no\r\n\r\n")
			ack := t.next[client]
			rst := aborts(false)
			rst.ack = &ack
			return t.say(client, "more of the body").say(client, "and more").send(server, rst)
		}, res, res, "refused-upload", diagnose.HarmCertain},
		{"a speaker of BGP, whose socket has TTL 1, resets", func() *talk {
			near := linuxPeer(63)
			t := exchanged(linuxPeer(63), near)
			rst := answer(t.next[server])
			rst.ttl = 64
			return t.say(client, "keepalive").wait(30*time.Millisecond).send(server, rst)
		}, res, unknown, "restarted", diagnose.HarmCertain},
	}
}

// frontEnds are load balancers, proxies and scanners, which are no forgers.
func frontEnds() []elsewhere {
	return []elsewhere{
		{"a load balancer ends an idle connection", func() *talk {
			rst := aborts(false)
			rst.id = 40000
			return exchanged(linuxPeer(0), unknownPeer(244)).wait(seconds(300)).send(server, rst)
		}, res, res, "idle-timeout", diagnose.Harmless},
		{"an application load balancer aborts", func() *talk {
			return exchanged(linuxPeer(0), linuxPeer(14)).wait(seconds(60)).send(server, aborts(false))
		},
			res, res, "idle-timeout", diagnose.Harmless},
		{"a front end that sends the SYN ACK, and resets", func() *talk {
			front := shapeOf("SYN ACK")
			front.ttl = 60
			t := begun(macPeer(0), unknownPeer(52)).send(client, shapeOf("SYN")).wait(30*time.Millisecond).send(server, front)
			t.send(client, shapeOf("ACK")).say(client, "GET / HTTP/1.1\r\n\r\n").wait(30*time.Millisecond).say(server, "HTTP/1.1 200 OK\r\n\r\n")
			rst := aborts(false)
			rst.ttl = 60
			return t.send(client, shapeOf("ACK")).wait(seconds(5)).send(server, rst)
		}, res, unknown, "idle-timeout", diagnose.HarmPossible},
		{"a proxy resets a ClientHello", func() *talk {
			return opened(linuxPeer(0), linuxPeer(6)).say(client, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").wait(30*time.Millisecond).
				send(server, shapeOf("ACK")).send(server, aborts(false))
		}, res, res, "tls-to-plain", diagnose.HarmPossible},
		{"nmap -sS: the scanner's own kernel resets", func() *talk {
			scanner := peer{[]byte{2}, 48, 1024, true, false}
			t := begun(scanner, linuxPeer(5)).send(client, shapeOf("SYN")).wait(30*time.Millisecond).send(server, shapeOf("SYN ACK"))
			rst := answer(t.next[client])
			rst.ttl = 48
			return t.send(client, rst)
		}, ini, ini, "health-check", diagnose.Harmless},
		{"masscan: the SYN has TTL 255, the kernel's RST 64", func() *talk {
			scanner := peer{nil, 255, 1024, true, false}
			t := begun(scanner, linuxPeer(5)).send(client, shapeOf("SYN")).wait(30*time.Millisecond).send(server, shapeOf("SYN ACK"))
			rst := answer(t.next[client])
			rst.ttl = 64
			return t.send(client, rst)
		}, ini, unknown, "health-check", diagnose.Harmless},
		{"a layer-4 health check", func() *talk { return opened(linuxPeer(0), linuxPeer(1)).send(client, aborts(false)) },
			ini, ini, "health-check", diagnose.Harmless},
		{"a carrier's NAT answers for the client that it has forgotten", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(9)).wait(seconds(1800)).say(server, "news")
			rst := answer(t.next[client])
			rst.ttl = 61
			return t.send(client, rst)
		}, mid, mid, "flow-expired", diagnose.HarmCertain},
		{"the same from next to the client", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(9)).wait(seconds(1800)).say(server, "news")
			return t.send(client, answer(t.next[client]))
		}, mid, unknown, "flow-expired", diagnose.HarmCertain},
		{"an accept queue overflows", func() *talk {
			t := opened(windowsPeer(0), linuxPeer(9)).say(client, "hello").wait(30 * time.Millisecond)
			return t.send(server, answer(t.next[server]))
		}, res, unknown, "accept-queue-full", diagnose.HarmCertain},
		{"a captured pair: each segment twice", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(9)).send(server, aborts(false))
			var twice []evidence.Event
			for _, e := range t.events {
				twice = append(twice, e, e)
			}
			t.events = twice
			return t
		}, res, res, "unread", diagnose.HarmPossible},
	}
}
