package report_test

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/tcp"
)

// FuzzCard draws recordings that the fuzzer's bytes choose the parts of: what
// may be in a file and makes no sense, too.
func FuzzCard(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		c := choices{data, text}
		options := report.CardOptions{Width: c.number(), Mask: c.pick(2) == 0, Bucket: c.pick(2) == 0}
		r := c.recording()
		for _, draw := range []func(io.Writer) error{
			func(w io.Writer) error { return report.Card(w, r, options) },
			func(w io.Writer) error { return report.Mermaid(w, r) },
		} {
			var b strings.Builder
			if err := draw(&b); err != nil {
				t.Fatal(err)
			}
			for _, c := range b.String() {
				if c != '\n' && unicode.IsControl(c) {
					t.Fatalf("%U is drawn", c)
				}
			}
		}
	})
}

// FuzzPage writes the same recordings as pages and as captures.
func FuzzPage(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		r := (&choices{data, text}).recording()
		if err := report.Page(io.Discard, []*evidence.Recording{r}, report.PageOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := report.Pcapng(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	})
}

// addSeeds adds choices that lead to recordings with much in them.
func addSeeds(f *testing.F) {
	for _, text := range []string{"", "close()", "\x1b[2J\u202e", "a\nb\t<script>;%%end", strings.Repeat("long ", 100)} {
		for step := 1; step < 8; step++ {
			data := make([]byte, 300)
			for i := range data {
				data[i] = byte(i * step)
			}
			f.Add(data, text)
		}
	}
}

// choices decide by the fuzzer's bytes; when they are at their end, by zeros.
type choices struct {
	data []byte
	text string
}

// pick returns one of 0 to n-1.
func (c *choices) pick(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := int(c.data[0])
	c.data = c.data[1:]
	return b % n
}

// number returns a small number, or any.
func (c *choices) number() int {
	if c.pick(4) > 0 || len(c.data) < 8 {
		return c.pick(250) - 20
	}
	n := binary.BigEndian.Uint64(c.data)
	c.data = c.data[8:]
	return int(n)
}

// index returns an index into what has n parts, or one that it has not.
func (c *choices) index(n int) int {
	if c.pick(8) == 0 {
		return c.number()
	}
	return c.pick(n+2) - 1
}

// word returns one of these, or the fuzzer's text.
func (c *choices) word(words ...string) string {
	if c.pick(8) == 0 {
		return c.text
	}
	return words[c.pick(len(words))]
}

func (c *choices) host() string { return c.word("client", "server", "proxy", "router") }

func (c *choices) address() string {
	return c.word("127.0.0.1:40000", "127.0.0.1:80", "[::1]:443", "10.0.0.1:1", "10.0.0.1:2", "")
}

// recording makes a recording of the choices.
func (c *choices) recording() *evidence.Recording {
	r := &evidence.Recording{
		Version: evidence.Version, Scenario: c.word("A reset", ""), System: c.word("Linux 6.18"),
		Started: time.Unix(int64(c.number()), 0), Level: evidence.Level(c.word("observed", "inferred", "app-only")),
		LostPackets: uint64(c.pick(3)), LostEvents: uint64(c.pick(3)),
	}
	for range c.pick(5) {
		r.Hosts = append(r.Hosts, evidence.Host{
			Name: c.host(), IP: c.word("127.0.0.1", "::1"), Proxy: c.pick(2) == 1, Private: c.pick(2) == 1,
		})
	}
	for range c.pick(4) {
		r.Flows = append(r.Flows, evidence.Flow{
			Client: c.address(), Server: c.address(), ClientHost: c.host(), ServerHost: c.host(),
			NAT: c.word("", "", "router"), Near: c.index(3),
		})
	}
	for range c.pick(20) {
		r.Events = append(r.Events, c.event(len(r.Flows)))
	}
	for range c.pick(4) {
		r.Resets = append(r.Resets, c.reset(len(r.Events), len(r.Flows)))
	}
	for range c.pick(4) {
		r.Outcomes = append(r.Outcomes, c.outcome())
	}
	for range c.pick(3) {
		r.Counters = append(r.Counters, evidence.CounterDelta{Name: c.word("OutRsts", "TCPAbortOnClose"), By: int64(c.number())})
		r.Missing = append(r.Missing, evidence.MissingLane{Lane: evidence.Lane(c.word("kernel", "wire")), Why: c.word("no right")})
		r.Gaps = append(r.Gaps, evidence.Gap{
			Lane: evidence.Kernel, From: time.Duration(c.number()), To: time.Duration(c.number()), Lost: uint64(c.pick(3)), Why: c.word("full"),
		})
	}
	return r
}

func (c *choices) call() tcp.Call {
	return tcp.Call{
		Op:    tcp.Op(c.word("connect", "accept", "read", "write", "close", "abort", "shutdown")),
		Start: time.Unix(int64(c.pick(250)), int64(c.number())), Duration: time.Duration(c.number()), Bytes: c.number(),
		Ending: tcp.Ending(c.word("open", "reset", "finished", "broken pipe", "refused")), Error: c.word("", "read: connection reset by peer"),
	}
}

func (c *choices) event(flows int) evidence.Event {
	e := evidence.Event{At: time.Duration(c.number()), Flow: c.index(flows), Host: c.host()}
	switch c.pick(5) {
	case 0:
		e.Call = &evidence.Call{Call: c.call(), Conn: c.pick(4)}
	case 1:
		e.State = &evidence.StateChange{
			From: tcp.State(c.word("ESTABLISHED", "CLOSE", "SYN_SENT")), To: tcp.State(c.word("CLOSE_WAIT", "CLOSE", "FIN_WAIT1")),
		}
	case 2:
		e.Trace = &evidence.ResetTrace{
			Name: c.word("tcp_send_reset", "tcp_receive_reset"), Reason: c.word("TCP_ABORT_ON_CLOSE", "NOT_SPECIFIED", ""),
			Process: c.word("sshd-1", ""), Passive: c.pick(2) == 0,
		}
	default:
		e.Packet = c.packet()
	}
	return e
}

func (c *choices) packet() *evidence.Packet {
	p := &evidence.Packet{
		To: c.host(), Flags: c.word("SYN", "SYN ACK", "ACK", "PSH ACK", "FIN ACK", "RST", "RST ACK", ""),
		Seq: uint32(c.number()), Ack: uint32(c.number()), Len: c.number(), Window: c.number(), TTL: c.number(), IPID: c.number(),
		Length: c.number(), Dropped: c.pick(4) == 0, Translated: c.pick(4) == 0,
	}
	if n := c.pick(80); n <= len(c.data) {
		p.Data = c.data[:n]
	}
	for range c.pick(3) {
		p.Path = append(p.Path, evidence.Sighting{Host: c.host(), Leaving: c.pick(2) == 0})
	}
	return p
}

func (c *choices) reset(events, flows int) evidence.Reset {
	v := evidence.Reset{
		Event: c.index(events), Flow: c.index(flows), Cause: c.index(events),
		Sender: evidence.Sender(c.word("application", "kernel", "timer", "between", "unknown")),
		Host:   c.host(), By: c.word("rl-1 close()", ""), Reason: c.word("TCP_ABORT_ON_CLOSE", ""), Why: c.word("its owner closed"),
		Level: evidence.Level(c.word("observed", "inferred")), Clue: c.word("tcp_send_reset says so"),
	}
	for range c.pick(3) {
		v.Origin = append(v.Origin, c.host())
		v.Lost = append(v.Lost, evidence.Loss{From: c.host(), Written: int64(c.number()), Delivered: int64(c.number())})
	}
	return v
}

func (c *choices) outcome() tcp.Outcome {
	o := tcp.Outcome{
		Host: c.host(), Conn: c.pick(4), Local: c.address(), Remote: c.address(), Elided: c.pick(3),
		Op: tcp.Op(c.word("", "read", "write")), Ending: tcp.Ending(c.word("open", "reset", "closed")), Error: c.word("", "reset"),
		Sent: int64(c.number()), Received: int64(c.number()), At: time.Unix(int64(c.pick(200)), 0),
	}
	for range c.pick(4) {
		o.Calls = append(o.Calls, c.call())
	}
	return o
}
