package protocols

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// Turns is any protocol, too, with places where the two ends of a connection take
// turns: a turn is what the client sends, and then what the server sends until the
// client sends again. Where turns begin shows without knowing the protocol; where
// they end, only what other calls were like can tell: see [point.Learner].
func Turns() point.Protocol { return turns{} }

// mostTurns is how many turns of a connection have places.
const mostTurns = 4

// turns has the last turns of calls, where those are the same each time.
type turns struct {
	last map[point.Operation]lastTurn
}

type lastTurn struct {
	number int // counted from 1 on the connection
	point.Turn
}

func (turns) Name() string { return "bytes" } // the places of which it has, too

func (turns) Places() []point.Place {
	places := append(Bytes().Places(),
		point.Place{ID: "P4.race", Says: "the pooled connection dies while the request is on its way", Primed: true, Race: true},
		point.Place{ID: "P3", Says: "one byte of what the server sends unasked has arrived"})
	for n := range mostTurns {
		of := ""
		if n > 0 {
			of = fmt.Sprintf(" of turn %d", n+1)
		}
		places = append(places,
			point.Place{ID: atTurn("P5", n+1), Says: "one byte of the request" + of + " has arrived"},
			point.Place{ID: atTurn("P7", n+1), Says: "the first byte of the reply" + of + " is withheld"},
			point.Place{ID: atTurn("P8", n+1), Says: "one byte of the reply" + of + " has arrived"})
	}
	places = append(places, point.Place{ID: "P7.pooled", Says: "as P7, on a pooled connection", Primed: true})
	for _, o := range point.Operations() {
		only := []point.Operation{o}
		places = append(places,
			point.Place{ID: "P6." + string(o), Says: "the last request has arrived but for its last byte", Operations: only},
			point.Place{ID: "P10." + string(o), Says: "half of the last reply has arrived", Operations: only},
			point.Place{ID: "P11." + string(o), Says: "the complete last reply has arrived", Operations: only})
	}
	return places
}

// atTurn is a place of a turn. The first, which is often the only one, has no number.
func atTurn(place string, turn int) string {
	if turn == 1 {
		return place
	}
	return fmt.Sprintf("%s.turn%d", place, turn)
}

// Learn adds the places at the ends of an operation's last turn.
func (t turns) Learn(o point.Operation, call []point.Turn) point.Protocol {
	t.last = maps.Clone(t.last)
	if t.last == nil {
		t.last = map[point.Operation]lastTurn{}
	}
	number := len(call)
	if number > 0 && call[0].ToServer == 0 {
		number-- // what comes unasked is no turn
	}
	for number > 0 && call[len(call)-1].ToClient == 0 {
		call, number = call[:len(call)-1], number-1 // a farewell, to which nothing comes
	}
	if number > 0 {
		t.last[o] = lastTurn{number, call[len(call)-1]}
	}
	return t
}

func (t turns) Watch() point.Watcher { return &turnsWatcher{last: t.last} }

type turnsWatcher struct {
	last   map[point.Operation]lastTurn
	begun  bool
	asking bool  // the client is sending
	turn   int   // the present one; 0 before the client has sent
	sent   int64 // in it, by who is sending
}

// See names the places in what comes. The one exchange is the connection; which of
// its turns a call waits for is not known, so that what comes to the client is said to
// be of none: otherwise the first turn would be taken for the reply.
func (w *turnsWatcher) See(toward harness.End, b []byte) []point.Moment {
	exchange := 0
	if toward == harness.Server {
		exchange = 1
	}
	moments := []point.Moment{{Exchange: exchange}}
	at := func(place string, n int64) {
		if n >= 0 && n <= int64(len(b)) {
			moments = append(moments, point.Moment{Place: place, At: int(n), Exchange: exchange})
		}
	}
	if len(b) == 0 {
		return moments
	}
	if !w.begun {
		at("P1", 0)
	}
	if asking := toward == harness.Server; asking != w.asking || !w.begun {
		w.asking, w.sent = asking, 0
		w.changes(at)
	}
	w.begun = true
	for _, o := range point.Operations() {
		last, learnt := w.last[o]
		switch {
		case !learnt || w.turn != last.number:
		case w.asking && last.ToServer > 1:
			w.within(at, "P6."+string(o), last.ToServer-1, len(b))
		case !w.asking:
			w.within(at, "P10."+string(o), last.ToClient/2, len(b))
			w.within(at, "P11."+string(o), last.ToClient, len(b))
		}
	}
	w.sent += int64(len(b))
	slices.SortStableFunc(moments, func(a, b point.Moment) int { return cmp.Compare(a.At, b.At) })
	return moments
}

// changes names the places where the other end begins to send.
func (w *turnsWatcher) changes(at func(string, int64)) {
	switch {
	case w.asking:
		w.turn++
		if w.turn > 1 {
			at("P4.race", 0)
		}
		at(atTurn("P5", w.turn), 1)
	case w.turn == 0:
		at("P3", 1)
	default:
		at(atTurn("P7", w.turn), 0)
		if w.turn > 1 {
			at("P7.pooled", 0)
		}
		at(atTurn("P8", w.turn), 1)
	}
}

// within names a place behind the n-th byte of who is sending, if that has just come.
func (w *turnsWatcher) within(at func(string, int64), place string, n int64, come int) {
	if n > w.sent && n <= w.sent+int64(come) {
		at(place, n-w.sent)
	}
}

// Request returns nil: requests are not told apart.
func (w *turnsWatcher) Request(int) []byte { return nil }
