package protocols

import (
	"bytes"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// Lines is the protocol of requests and replies of one line each, which end
// with a line feed.
func Lines() point.Protocol { return lines{} }

type lines struct{}

func (lines) Name() string { return "lines" }

func (lines) Places() []point.Place {
	return []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte of the request is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the request", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the request is on its way", Primed: true, Race: true},
		{ID: "P5", Says: "one byte of the request has arrived"},
		{ID: "P6", Says: "the request has arrived but for its last byte: it is not executed"},
		{ID: "P7", Says: "the request is executed; the first byte of the reply is withheld"},
		{ID: "P10", Says: "half of the reply has arrived"},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P14", Says: "half of the reply has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	}
}

func (lines) Watch() point.Watcher { return &linesWatcher{requests: map[int][]byte{}} }

// A linesWatcher counts lines in both directions. The n-th reply belongs to
// the n-th request.
type linesWatcher struct {
	requests map[int][]byte // the beginnings of those that are not answered yet
	asking   bool           // part of a request has been seen
	asked    int            // complete requests
	answered int
	replying bool // part of a reply has been seen
}

// keptRequest bounds what is kept of a request.
const keptRequest = 1 << 10

func (w *linesWatcher) Request(exchange int) []byte { return w.requests[exchange] }

func (w *linesWatcher) See(toward harness.End, b []byte) (moments []point.Moment) {
	eachLine(b, func(at, end int, whole bool) {
		if toward == harness.Server {
			moments = append(moments, w.request(b, at, end, whole)...)
		} else {
			moments = append(moments, w.reply(at, end, whole)...)
		}
	})
	return moments
}

// eachLine calls do for each line, or part of one, in b.
func eachLine(b []byte, do func(at, end int, whole bool)) {
	for at := 0; at < len(b); {
		end, whole := len(b), false
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			end, whole = at+i+1, true
		}
		do(at, end, whole)
		at = end
	}
}

func (w *linesWatcher) request(b []byte, at, end int, whole bool) (moments []point.Moment) {
	exchange := w.asked + 1
	known := w.requests[exchange]
	w.requests[exchange] = append(known, b[at:min(end, at+keptRequest-len(known))]...)
	if !w.asking {
		first := "P1"
		if exchange > 1 {
			first = "P4.race"
		}
		moments = append(moments, point.Moment{Place: first, At: at, Exchange: exchange})
		if !whole || end > at+1 { // with its only byte an empty line is there, and not part of it
			moments = append(moments, point.Moment{Place: "P5", At: min(at+1, end), Exchange: exchange})
		}
	}
	w.asking = !whole
	if whole {
		w.asked++
		moments = append(moments, point.Moment{Place: "P6", At: end - 1, Exchange: exchange})
	}
	return moments
}

func (w *linesWatcher) reply(at, end int, whole bool) (moments []point.Moment) {
	exchange := w.answered + 1
	if !w.replying {
		moments = append(moments, point.Moment{Place: "P7", At: at, Exchange: exchange})
		half := at + (end-at)/2
		for _, place := range []string{"P10", "P14"} {
			moments = append(moments, point.Moment{Place: place, At: half, Exchange: exchange})
		}
	}
	w.replying = !whole
	if whole {
		w.answered++
		delete(w.requests, w.answered-1) // that of this reply may still be asked for
		moments = append(moments, point.Moment{Place: "P11", At: end, Exchange: exchange})
	}
	return moments
}
