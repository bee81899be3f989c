package protocols

import (
	"bytes"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// RESP is the protocol of Redis, RESP2 and RESP3. Commands that set a
// connection up (HELLO, AUTH, CLIENT, SELECT, COMMAND, INFO, READONLY) are its
// greeting. Behind SUBSCRIBE and MONITOR it names no more places.
//
// Of its shapes, "array" is a reply that is one, "pipeline" a call that is the
// second of two commands sent together, and "transaction" one that is made
// within MULTI and EXEC.
func RESP() point.Protocol { return redis{} }

type redis struct{}

func (redis) Name() string { return "resp" }

func (redis) Places() []point.Place {
	reads := []point.Operation{point.Read}
	return []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the client's first byte is withheld"},
		{ID: "P3", Says: "the client has greeted; the first byte of the reply to that is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the command", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the command is on its way", Primed: true, Race: true},
		{ID: "P5", Says: "one byte of the command has arrived"},
		{ID: "P5.body", Says: "the command ends within its first argument"},
		{ID: "P6", Says: "the command has arrived but for its last byte: it is not executed"},
		{ID: "P7", Says: "the command is executed; the first byte of the reply is withheld"},
		{ID: "P7.pooled", Says: "as P7, on a pooled connection",
			Primed: true},
		{ID: "P8", Says: "the type of the reply has arrived"},
		{ID: "P8.line", Says: "the reply ends within its first line"},
		{ID: "P9", Says: "the length of the reply has arrived, and nothing of its data", Operations: reads},
		{ID: "P10.bulk", Says: "half of the reply's data has arrived", Operations: reads},
		{ID: "P10.array", Says: "one element of the reply has arrived; the next is withheld",
			Shape: "array", Operations: reads},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P12", Says: "the first of two pipelined commands is answered; the next reply is withheld",
			Shape: "pipeline"},
		{ID: "P13", Says: "EXEC is executed; the first byte of the reply is withheld", Shape: "transaction"},
		{ID: "P14", Says: "one byte of the reply has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	}
}

func (redis) Watch() point.Watcher {
	w := &respWatcher{}
	w.commands = resp{inline: true, met: w.inCommand}
	w.replies = resp{met: w.inReply}
	return w
}

// A respWatcher follows both directions of a connection. The n-th reply
// belongs to the n-th command.
type respWatcher struct {
	commands, replies resp
	moments           []point.Moment

	sent kept[command]

	multi     []byte // the commands since MULTI; nil outside of a transaction
	answered  int    // complete replies
	served    bool   // one of them was to more than a greeting
	pipelined bool   // the next command had come before the last reply ended
}

// A command is what is kept of one.
type command struct {
	name   string // in capitals; empty until it is complete
	queued bool   // it is within a transaction
}

// greetings are the commands that set a connection up.
var greetings = []string{"HELLO", "AUTH", "CLIENT", "SELECT", "COMMAND", "INFO", "READONLY"}

func (w *respWatcher) See(toward harness.End, b []byte) []point.Moment {
	w.moments = w.moments[:0]
	if toward == harness.Client {
		w.replies.see(b)
		return w.moments
	}
	w.sent.see(b, w.commands.see)
	return w.moments
}

// Request returns the beginning of a command as it was sent, up to 64 KiB. A
// transaction is one request: EXEC's.
func (w *respWatcher) Request(exchange int) []byte {
	if c := w.sent.of(exchange); c != nil && (!c.is.queued || c.is.name == "EXEC") {
		return c.bytes
	}
	return []byte{} // none that concerns anybody any more
}

func (w *respWatcher) at(place string, at, exchange int) {
	w.moments = append(w.moments, point.Moment{Place: place, At: at, Exchange: exchange})
}

// inCommand names the places of commands.
func (w *respWatcher) inCommand(m mark, at int) {
	if m == begins {
		w.sent.begin(at, w.answered, command{queued: w.multi != nil})
	}
	exchange := w.sent.begun()
	switch {
	case m == begins && exchange == 1:
		w.at("P1", at, 0)
	case m == begins && w.served && w.answered == exchange-1:
		w.at("P4.race", at, exchange)
	case m == oneByte:
		w.at("P5", at, exchange)
	case m == halfway && w.commands.bulks == 1:
		w.at("P5.body", at, exchange)
	case m == ends:
		w.at("P6", at-1, exchange)
		w.sent.until(at)
		w.named(w.sent.last())
	}
}

// named enters the name of a complete command, and follows transactions.
func (w *respWatcher) named(c *keptOne[command]) {
	c.is.name = strings.ToUpper(string(w.commands.name))
	switch {
	case c.is.name == "MULTI":
		w.multi = slices.Clone(c.bytes)
	case c.is.name == "DISCARD":
		w.multi = nil
	case c.is.name == "EXEC" && w.multi != nil:
		c.bytes = slices.Concat(w.multi, c.bytes)
		w.multi = nil
	case w.multi != nil:
		w.multi = append(w.multi, c.bytes[:min(len(c.bytes), max(0, maxKept-len(w.multi)))]...)
	case strings.HasSuffix(c.is.name, "SUBSCRIBE") || c.is.name == "MONITOR":
		w.commands.lost, w.replies.lost = true, true
	}
}

// inReply names the places of replies.
func (w *respWatcher) inReply(m mark, at int) {
	exchange := w.answered + 1
	c := w.sent.of(exchange)
	if c == nil || c.is.name == "" || bytes.IndexByte([]byte(">|"), w.replies.kind) >= 0 {
		return // nobody asked; or it is pushed, or about the reply that follows
	}
	if slices.Contains(greetings, c.is.name) {
		if m == begins {
			w.at("P3", at, 0)
		}
	} else {
		w.inServed(m, at, exchange, c.is.name)
	}
	if m == ends {
		w.answered++
		w.pipelined = w.sent.of(w.answered+1) != nil
	}
}

// inServed names the places of replies that are to more than a greeting.
func (w *respWatcher) inServed(m mark, at, exchange int, name string) {
	switch {
	case m == begins:
		if w.pipelined {
			w.at("P12", at, exchange)
		}
		w.at("P7", at, exchange)
		if w.served {
			w.at("P7.pooled", at, exchange)
		}
		if name == "EXEC" {
			w.at("P13", at, exchange)
		}
	case m == oneByte:
		w.at("P8", at, exchange)
		w.at("P14", at, exchange)
	case m == inStatus:
		w.at("P8.line", at, exchange)
	case m == headEnds && w.replies.bulks == 0:
		w.at("P9", at, exchange)
	case m == halfway && w.replies.bulks == 0:
		w.at("P10.bulk", at, exchange)
	case m == nextElement:
		w.at("P10.array", at, exchange)
	case m == ends:
		w.served = true
		w.at("P11", at, exchange)
	}
}
