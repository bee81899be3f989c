package diagnose_test

import (
	"time"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// rstOf is a RST of a device in the name of an end: it chooses everything.
func rstOf(flags string, ttl uint8, id, window int) form {
	return form{flags: flags, ttl: ttl, id: id, window: window, bare: true}
}

// at moves a form's number.
func (f form) at(offset uint32) form { f.offset = offset; return f }

// devices are firewalls and the like, which reject.
func devices() []elsewhere {
	request := "GET /forbidden HTTP/1.1\r\n\r\n"
	return []elsewhere{
		{"a firewall next to the client rejects, with TTL 255", func() *talk {
			t := opened(linuxPeer(0), windowsPeer(10)).say(client, request)
			return t.send(server, rstOf("RST ACK", 255, 0, 0))
		}, mid, mid, "firewall-rejects", diagnose.HarmPossible},
		{"a firewall on the server's machine rejects", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(10)).say(client, request).wait(30 * time.Millisecond)
			return t.send(server, answer(t.next[server]))
		}, mid, unknown, "firewall-rejects", diagnose.HarmCertain},
		{"a firewall on the way rejects a Linux", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(10)).say(client, request).wait(12 * time.Millisecond)
			rst := answer(t.next[server])
			rst.ttl = 60
			return t.send(server, rst)
		}, mid, mid, "firewall-rejects", diagnose.HarmCertain},
		{"a firewall refuses a SYN", func() *talk {
			zero := uint32(0)
			return begun(linuxPeer(0), windowsPeer(9)).send(client, shapeOf("SYN")).wait(3*time.Millisecond).
				send(server, form{flags: "RST ACK", number: &zero, id: 0, ttl: 254, bare: true})
		}, mid, unknown, "firewall-rejects", diagnose.Harmless},
		{"a firewall resets both ends", func() *talk {
			t := exchanged(linuxPeer(0), windowsPeer(10)).say(client, request)
			return t.send(server, rstOf("RST ACK", 63, 0, 0)).send(client, rstOf("RST ACK", 63, 0, 0))
		}, mid, mid, "firewall-rejects", diagnose.HarmPossible},
		{"a load balancer resets both ends of an idle connection", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(10)).wait(seconds(240))
			return t.send(server, rstOf("RST ACK", 128, 0, 0)).send(client, rstOf("RST ACK", 128, 0, 0))
		}, mid, mid, "flow-expired", diagnose.Harmless},
		{"a network load balancer answers in the name of its target", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(10)).wait(seconds(400)).say(client, request)
			rst := answer(t.next[server])
			rst.ttl = 250
			return t.wait(4*time.Millisecond).send(server, rst)
		}, mid, mid, "flow-expired", diagnose.HarmCertain},
		{"an intrusion prevention answers sooner than the server can", func() *talk {
			t := exchanged(windowsPeer(0), windowsPeer(10)).say(client, request)
			return t.wait(time.Millisecond).send(server, rstOf("RST ACK", 118, 9002, 0))
		}, mid, mid, "firewall-rejects", diagnose.HarmPossible},
	}
}

// forgers are those who watch the segments and send RSTs of their own.
func forgers() []elsewhere {
	request := "GET /forbidden HTTP/1.1\r\n\r\n"
	return []elsewhere{
		{"the Great Firewall: one RST and three RST ACK with guessed numbers, then the true response", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(14)).say(client, request).wait(8*time.Millisecond).
				send(server, rstOf("RST", 97, 64, 0)).send(server, rstOf("RST ACK", 41, 12000, 2345)).
				send(server, rstOf("RST ACK", 42, 12001, 2346).at(1460)).send(server, rstOf("RST ACK", 43, 12002, 2347).at(4380))
			return t.wait(22*time.Millisecond).say(server, "HTTP/1.1 200 OK\r\n\r\n")
		}, mid, mid, "forged", diagnose.HarmCertain},
		{"the Great Firewall, where the server falls silent", func() *talk {
			return exchanged(windowsPeer(0), linuxPeer(14)).say(client, request).wait(8*time.Millisecond).
				send(server, rstOf("RST ACK", 41, 12000, 2345)).send(server, rstOf("RST ACK", 42, 12001, 2346).at(1460))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a traffic shaper: two RSTs 12503 apart, to both ends", func() *talk {
			t := exchanged(macPeer(0), windowsPeer(14)).say(client, "BitTorrent protocol")
			return t.send(server, rstOf("RST ACK", 122, 30000, 0)).send(server, rstOf("RST ACK", 122, 30001, 0).at(12503)).
				send(client, rstOf("RST ACK", 122, 30002, 0)).send(client, rstOf("RST ACK", 122, 30003, 0).at(12503))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"tcpkill: a row of RSTs along the window", func() *talk {
			t := exchanged(linuxPeer(0), freeBSDPeer(12)).say(client, request)
			return t.send(server, rstOf("RST", 64, 777, 0).at(0)).send(server, rstOf("RST", 64, 778, 0).at(65535)).
				send(server, rstOf("RST", 64, 779, 0).at(131070))
		}, mid, mid, "forged", diagnose.HarmCertain},
		{"an intrusion detection with random TTL and IP id", func() *talk {
			return exchanged(macPeer(0), linuxPeer(14)).say(client, request).wait(5*time.Millisecond).
				send(server, rstOf("RST ACK", 201, 51111, 0))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a RST with the server's TTL, and a window and no ACK", func() *talk {
			t := exchanged(windowsPeer(0), linuxPeer(14)).say(client, request).wait(25 * time.Millisecond)
			rst := answer(t.next[server])
			rst.window = 8192
			return t.send(server, rst)
		}, mid, mid, "forged", diagnose.HarmCertain},
		{"a RST with the server's TTL and window, without its timestamps", func() *talk {
			return exchanged(linuxPeer(0), linuxPeer(14)).say(client, request).wait(25*time.Millisecond).
				send(server, rstOf("RST ACK", 50, -1, 64240))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a RST with the server's TTL, and a number that nobody has", func() *talk {
			return exchanged(windowsPeer(0), windowsPeer(10)).say(client, request).wait(25*time.Millisecond).
				send(server, rstOf("RST ACK", 118, -1, 0).at(70000))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a RST with the server's TTL, and another IP id", func() *talk {
			t := exchanged(windowsPeer(0), windowsPeer(10)).say(server, "a").say(server, "b").send(client, shapeOf("ACK"))
			return t.say(client, request).wait(25*time.Millisecond).send(server, rstOf("RST ACK", 118, 60000, 0))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a RST with everything of the server's, which goes on", func() *talk {
			t := exchanged(windowsPeer(0), windowsPeer(10)).say(client, request).wait(25*time.Millisecond).send(server, aborts(true))
			return t.wait(5*time.Millisecond).say(server, "HTTP/1.1 200 OK\r\n\r\n").send(client, shapeOf("ACK"))
		}, mid, mid, "forged", diagnose.Harmless},
		{"the same with IPv6 and another hop limit", func() *talk {
			t := begun(linuxPeer(0), linuxPeer(7))
			t.six = true
			t.send(client, shapeOf("SYN")).wait(t.trip).send(server, shapeOf("SYN ACK")).send(client, shapeOf("ACK"))
			t.say(client, request).wait(t.trip).send(server, shapeOf("ACK"))
			return t.send(server, rstOf("RST", 62, 0, 0))
		}, mid, mid, "forged", diagnose.HarmPossible},
		{"a blind guess within the window, which is challenged", func() *talk {
			t := exchanged(linuxPeer(0), linuxPeer(14)).send(server, rstOf("RST", 50, 0, 0).at(3000))
			return t.send(client, shapeOf("ACK")).say(client, request).wait(30*time.Millisecond).say(server, "HTTP/1.1 200 OK\r\n\r\n")
		}, mid, mid, "forged", diagnose.Harmless},
	}
}
