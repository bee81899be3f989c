package audit

import (
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A streamFilter passes on the messages of one connection, and ends its streams
// where the fault strikes.
type streamFilter struct {
	watched *watchedConn
	streams point.Streams
}

// newFilter is the proxy's Filter.
func (t *trigger) newFilter(connection int) harness.Filter {
	return streamFilter{t.follow(connection), t.subject.multiplexed().Streams()}
}

// Pass takes the next bytes toward an end and returns what each end gets.
func (f streamFilter) Pass(toward harness.End, b []byte) (toServer, toClient []byte) {
	return f.streams.Pass(toward, b, func(message []byte, ended bool) bool {
		return f.watched.meet(toward, message, ended)
	})
}

// Rest returns what has come of a message that is not complete.
func (f streamFilter) Rest(toward harness.End) []byte { return f.streams.Rest(toward) }

// meet shows a message to the protocol's watcher and says whether the fault
// strikes before it.
func (w *watchedConn) meet(toward harness.End, message []byte, ended bool) (struck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.clock.now()
	if ended {
		w.watcher.See(toward, message) // what it says of other streams may build on this
		return false
	}
	at, _, struck := w.find(toward, message)
	w.count(toward, message, at, struck)
	return struck
}
