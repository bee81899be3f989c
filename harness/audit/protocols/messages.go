package protocols

import (
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// Messages is the protocol of messages of one line each, to which no reply
// comes: syslog over TCP (RFC 6587, section 3.4.2), Graphite's plain text. What
// its client cannot know from TCP either is whether they have arrived.
func Messages() point.Protocol { return messages{} }

type messages struct{}

func (messages) Name() string { return "messages" }

func (messages) Places() []point.Place {
	places := []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte of the message is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the message", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the message is on its way", Primed: true, Race: true},
		{ID: "P5", Says: "one byte of the message has arrived"},
		{ID: "P6", Says: "the message has arrived but for its last byte"},
		{ID: "P15", Says: "the message has arrived; what is sent after it is lost"},
	}
	for i := range places {
		places[i].Unanswered, places[i].Operations = true, bodied
	}
	return places
}

func (messages) Watch() point.Watcher {
	return &messagesWatcher{linesWatcher{requests: map[int][]byte{}}}
}

// A messagesWatcher counts lines in one direction.
type messagesWatcher struct{ lines linesWatcher }

func (w *messagesWatcher) Request(exchange int) []byte { return w.lines.Request(exchange) }

func (w *messagesWatcher) See(toward harness.End, b []byte) (moments []point.Moment) {
	if toward == harness.Client {
		return nil
	}
	eachLine(b, func(at, end int, whole bool) {
		moments = append(moments, w.lines.request(b, at, end, whole)...)
		if whole {
			moments = append(moments, point.Moment{Place: "P15", At: end, Exchange: w.lines.asked})
			delete(w.lines.requests, w.lines.asked-1) // that of this one may still be asked for
		}
	})
	return moments
}
