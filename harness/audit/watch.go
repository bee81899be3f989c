package audit

import (
	"bytes"
	"slices"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A watchedConn is a connection as the trigger sees it.
type watchedConn struct {
	*trigger
	number  int
	watcher point.Watcher
	passed  map[harness.End]int64
	tail    map[harness.End][]byte
	attempt int         // the index of its present attempt; -1 before the first
	ours    map[int]int // the exchanges that match the call, and their turn among all

	replying bool // the reply that is to be struck has begun
	exchange int  // that reply's, where the fault is harmless
}

// watch is the proxy's Watch.
func (t *trigger) watch(connection int) harness.Watcher { return t.follow(connection).see }

// follow begins to watch a connection.
func (t *trigger) follow(connection int) *watchedConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	var watcher point.Watcher = &records{}
	if !t.subject.inHandshake(t.place.ID) {
		watcher = t.subject.Protocol.Watch()
	}
	w := &watchedConn{
		trigger: t, number: connection, watcher: watcher, attempt: -1,
		passed: map[harness.End]int64{}, tail: map[harness.End][]byte{}, ours: map[int]int{},
	}
	t.last = t.clock.now()
	if t.used != nil {
		t.used.opened = append(t.used.opened, w.number)
	}
	if t.armed {
		w.begin() // until its first request it is an attempt of its own
	}
	return w
}

// begin notes an attempt. mu is held.
func (w *watchedConn) begin() {
	w.attempt = len(w.attempts)
	w.attempts = append(w.attempts, attempt{Attempt: verdict.Attempt{At: w.clock.now() - w.start, Connection: w.number}})
	if len(w.attempts) > w.limits.Attempts {
		w.tooMany()
	}
}

// see shows bytes to the protocol's watcher and strikes where the place is.
func (w *watchedConn) see(toward harness.End, b []byte) *harness.Cut {
	w.mu.Lock()
	w.last = w.clock.now()
	at, insert, struck := w.find(toward, b)
	together := toward == harness.Client && w.cell.Fault == point.DataRST && w.armed && (struck || w.replying)
	if together {
		w.came[w.number] += int64(at)
	}
	w.count(toward, b, at, struck)
	w.mu.Unlock()
	if together {
		w.suspend()
	}
	if !struck {
		return nil
	}
	cut := w.cutAt(toward, at)
	cut.Insert = insert
	if w.cell.Fault == point.StallRST {
		cut.Hold = w.limits.Stall
	}
	return cut
}

// find says behind how many bytes of b the fault strikes, and what the client
// is to get first. mu is held.
func (w *watchedConn) find(toward harness.End, b []byte) (at int, insert string, struck bool) {
	for _, m := range w.watcher.See(toward, b) {
		if toward == harness.Client && w.armed && m.Exchange > 0 && w.concerns(m.Exchange) && w.bound != 0 {
			w.replying = behindReply(w.place)
		}
		if w.armed && w.concerns(m.Exchange) && m.Place == w.place.ID && w.bound != 0 {
			if m.Insert != nil {
				insert = m.Insert(w.cell.Fault)
			}
			return m.At, insert, w.hit()
		}
	}
	if end, n, ok := point.ParseByte(w.place.ID); ok && end == toward && w.armed && w.bound != 0 {
		if at := n - w.passed[toward]; at >= 0 && (at < int64(len(b)) || at == int64(len(b)) && n > 0) {
			return int(at), "", w.hit()
		}
	}
	return len(b), "", false
}

// concerns says whether an exchange is one that the fault strikes, which may
// show late: when enough of the request has been seen. mu is held.
func (w *watchedConn) concerns(exchange int) bool {
	if exchange == 0 {
		return true
	}
	turn, known := w.ours[exchange]
	if !known && w.matches(exchange) {
		if w.attempt < 0 || len(w.ours) > 0 {
			w.begin()
		}
		w.attempts[w.attempt].carried = true
		w.matched++
		turn = w.matched
		w.ours[exchange] = turn
	}
	return turn > 0 && turn >= w.subject.Nth
}

func (w *watchedConn) matches(exchange int) bool {
	w.asked = true
	return w.subject.asks(w.watcher.Request(exchange), w.call)
}

// asks says whether a request is one that faults strike, by what has been seen of it.
func (s *Subject) asks(request []byte, c Call) bool {
	switch {
	case s.Match != nil:
		return s.Match(request, c)
	case request == nil:
		return true
	}
	return bytes.Contains(request, []byte(c.ID))
}

func (w *watchedConn) hit() bool {
	w.strikes++
	w.bound--
	select {
	case w.hits <- struct{}{}:
	default:
	}
	if w.attempt >= 0 {
		w.attempts[w.attempt].Struck = true
	}
	return true
}

// count counts what passes. mu is held.
func (w *watchedConn) count(toward harness.End, b []byte, at int, struck bool) {
	w.passed[toward] += int64(at)
	if toward == harness.Client {
		w.replied += int64(at)
	} else if w.used != nil {
		w.used.carried = append(w.used.carried, w.number)
	}
	if !w.armed && !struck {
		return // the call is over
	}
	if w.attempt >= 0 && toward == harness.Server {
		w.attempts[w.attempt].ToServer += int64(at)
	} else if w.attempt >= 0 {
		w.attempts[w.attempt].ToClient += int64(at)
	}
	tail := append(w.tail[toward], b[max(0, at-contextBytes):at]...)
	w.tail[toward] = tail[max(0, len(tail)-contextBytes):]
	if struck && w.cut == nil {
		after := b[at:min(len(b), at+contextBytes)]
		w.cut = &verdict.CutBytes{Toward: toward, Before: slices.Clone(w.tail[toward]), After: slices.Clone(after)}
	}
}
