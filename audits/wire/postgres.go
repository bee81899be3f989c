package wire

import (
	"encoding/binary"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// Postgres is version 3 of PostgreSQL's protocol, without encryption
// (PostgreSQL's manual, "Frontend/Backend Protocol", "Message Formats"). An
// exchange ends when the server is ready for a query outside a transaction.
func Postgres() point.Protocol { return postgres{"postgresql", slicesOf(connecting, postgresQuery)} }

// PostgresCommit has the two places at the commit of a transaction.
func PostgresCommit() point.Protocol { return postgres{"postgresql commit", commitPlaces} }

type postgres struct {
	name   string
	places []point.Place
}

var (
	connecting = []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte of the conversation is withheld"},
	}
	postgresQuery = []point.Place{
		{ID: "P3", Says: "the startup message has arrived; the first byte of its answer is withheld"},
		{ID: "P3.ready", Says: "logged in; the first ReadyForQuery is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the query", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the query is on its way", Primed: true, Race: true},
		{ID: "P5", Says: "the first five bytes of the query have arrived"},
		{ID: "P6", Says: "the query has arrived but for the last byte of its Query or Sync: it is not executed"},
		{ID: "P7", Says: "the query is executed; the first byte of the reply is withheld"},
		{ID: "P8", Says: "two bytes of the reply have arrived"},
		{ID: "P9", Says: "all before the first row has arrived"},
		{ID: "P10", Says: "half of the first row has arrived"},
		{ID: "P10.rows", Says: "the first row has arrived, the second is withheld"},
		{ID: "P10.last", Says: "all rows have arrived; the CommandComplete is withheld"},
		{ID: "P10.ready", Says: "the CommandComplete has arrived; the ReadyForQuery is withheld"},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P14", Says: "half of the first row has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	}
	commitPlaces = []point.Place{
		{ID: "P13.sent", Says: "the COMMIT has arrived but for its last byte: nothing is committed"},
		{ID: "P13", Says: "the transaction is committed; the first byte of the reply to COMMIT is withheld"},
	}
)

func (p postgres) Name() string          { return p.name }
func (p postgres) Places() []point.Place { return p.places }

func (postgres) Watch() point.Watcher {
	size := func(head []byte) int { return int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4 }
	return &postgresWatcher{client: frames{headLen: 4, size: size}, server: frames{headLen: 5, size: size}}
}

type postgresWatcher struct {
	conversation
	client, server frames
	answered       bool // the server has sent a byte
	ready          bool // the server has been ready for a query
	replying       bool
	rows           int
	committing     bool // the last query was a COMMIT
}

func (w *postgresWatcher) See(toward harness.End, b []byte) (moments []point.Moment) {
	if toward == harness.Server {
		w.client.cut(b, func(p piece) { moments = append(moments, w.fromClient(p, b)...) })
	} else {
		w.server.cut(b, func(p piece) { moments = append(moments, w.fromServer(p, b)...) })
	}
	return inOrder(moments)
}

// fromClient begins no exchange with a Terminate ('X'), which has no reply.
func (w *postgresWatcher) fromClient(p piece, b []byte) []point.Moment {
	if w.client.headLen == 4 { // the startup message has no type
		if p.stage == begun {
			return at(0, p.at, "P1")
		}
		if p.stage == ended {
			w.client.headLen = 5
		}
		return nil
	}
	switch {
	case p.stage == begun && (w.open || b[p.at] != 'X'):
		w.request(nil) // its bytes follow
		return at(w.exchange(), p.at, w.opening()...)
	case !w.open:
	case p.stage == passed:
		w.request(p.body)
	case p.stage == headed:
		return at(w.exchange(), p.at, "P5")
	case p.stage == ended:
		w.committing = p.head[0] == 'Q' && strings.EqualFold(string(p.body[:min(6, len(p.body))]), "commit")
		if w.committing {
			return at(w.exchange(), p.at-1, "P13.sent")
		}
		if p.head[0] == 'Q' || p.head[0] == 'S' {
			return at(w.exchange(), p.at-1, "P6")
		}
	}
	return nil
}

func (w *postgresWatcher) fromServer(p piece, b []byte) (moments []point.Moment) {
	kind := byte(0)
	if p.stage == begun {
		kind = b[p.at]
	} else {
		kind = p.head[0]
	}
	switch {
	case !w.ready:
		return w.greeting(p, kind)
	case !w.open: // a notice, a parameter
	case p.stage == begun:
		return w.replyBegins(p, b, kind)
	case p.stage == halved && kind == 'D' && w.rows == 1:
		return at(w.exchange(), p.at, "P10", "P14")
	case p.stage == ended && kind == 'Z':
		w.replying, w.rows = false, 0
		if w.open = b[p.at-1] != 'I'; !w.open {
			return at(w.exchange(), p.at, "P11")
		}
	}
	return nil
}

func (w *postgresWatcher) greeting(p piece, kind byte) (moments []point.Moment) {
	if !w.answered {
		w.answered = true
		moments = at(0, p.at, "P3")
	}
	if p.stage == begun && kind == 'Z' {
		moments = append(moments, at(0, p.at, "P3.ready")...)
	}
	w.ready = p.stage == ended && kind == 'Z'
	return moments
}

func (w *postgresWatcher) replyBegins(p piece, b []byte, kind byte) (moments []point.Moment) {
	if !w.replying {
		w.replying = true
		moments = append(at(w.exchange(), p.at, "P7"), at(w.exchange(), min(p.at+2, len(b)), "P8")...)
	}
	var places []string
	switch kind {
	case 'D':
		w.rows++
		places = map[int][]string{1: {"P9"}, 2: {"P10.rows"}}[w.rows]
	case 'C':
		places = []string{"P10.last"}
		if w.committing {
			places = []string{"P13"}
		}
	case 'Z':
		places = []string{"P10.ready"}
	}
	return append(moments, at(w.exchange(), p.at, places...)...)
}

// at makes moments of places.
func at(exchange, at int, places ...string) (moments []point.Moment) {
	for _, place := range places {
		moments = append(moments, point.Moment{Place: place, At: at, Exchange: exchange})
	}
	return moments
}

func slicesOf(lists ...[]point.Place) (all []point.Place) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
