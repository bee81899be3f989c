package audit

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// A striker watches the connections of one cell and strikes them at its place.
type striker struct {
	subject *Subject
	cell    Cell
	place   Place
	limits  Limits
	hits    chan struct{} // gets a value when the fault strikes; it has room for one
	pulse   *pulse

	mu       sync.Mutex         // guards the rest
	call     Call               // the call that is to be struck
	tooMany  context.CancelFunc // called when the client storms
	start    time.Duration      // when it was made, by pulse
	armed    bool
	bound    int // how many strikes are left; negative: without bound
	strikes  int
	matched  int // how many requests matched so far
	attempts []Attempt
	used     *use          // by the call that is made now, if that is wanted
	replied  int64         // bytes that passed toward the client, of all connections
	last     time.Duration // when something last happened on a connection, by pulse
	cut      *CutBytes

	// suspend keeps the client from running, where the fault is DataRST, and came
	// is how many bytes have come to it on each connection since.
	suspend func()
	came    map[int]int64
}

// An Attempt is one request of a client, or a connection that never carried one.
type Attempt struct {
	At         time.Duration `json:"at"`         // since the call began, in nanoseconds of which this process was run
	Connection int           `json:"connection"` // counted from 1 in the cell
	ToServer   int64         `json:"to_server"`  // bytes of it passed to the server
	ToClient   int64         `json:"to_client"`  // bytes passed back
	Struck     bool          `json:"struck"`
}

// CutBytes are the bytes around the first strike, in the direction in which
// it was due.
type CutBytes struct {
	Toward harness.End `json:"toward"`
	Before []byte      `json:"before"` // the last that passed
	After  []byte      `json:"after"`  // the first that were withheld
}

// around is how many bytes on each side of a strike are kept.
const around = 24

// A watched connection is one as the striker sees it.
type watched struct {
	*striker
	number  int
	watcher Watcher
	passed  map[harness.End]int64
	tail    map[harness.End][]byte
	attempt int         // the index of its present attempt; -1 before the first
	ours    map[int]int // the exchanges that match the call, and their turn among all

	replying bool // the reply that is to be struck has begun
}

// watch is the proxy's Watch.
func (s *striker) watch(connection int) harness.Watcher { return s.follow(connection).see }

// follow begins to watch a connection.
func (s *striker) follow(connection int) *watched {
	s.mu.Lock()
	defer s.mu.Unlock()
	var watcher Watcher = &records{}
	if !s.place.records {
		watcher = s.subject.Protocol.Watch()
	}
	w := &watched{
		striker: s, number: connection, watcher: watcher, attempt: -1,
		passed: map[harness.End]int64{}, tail: map[harness.End][]byte{}, ours: map[int]int{},
	}
	s.last = s.pulse.now()
	if s.used != nil {
		s.used.opened = append(s.used.opened, w.number)
	}
	if s.armed {
		w.begin() // until its first request it is an attempt of its own
	}
	return w
}

// begin notes an attempt. mu is held.
func (w *watched) begin() {
	w.attempt = len(w.attempts)
	w.attempts = append(w.attempts, Attempt{At: w.pulse.now() - w.start, Connection: w.number})
	if len(w.attempts) > w.limits.Attempts {
		w.tooMany()
	}
}

// see shows bytes to the protocol's watcher and strikes where the place is.
func (w *watched) see(toward harness.End, b []byte) *harness.Cut {
	w.mu.Lock()
	w.last = w.pulse.now()
	at, insert, struck := w.find(toward, b)
	together := toward == harness.Client && w.cell.Fault == DataRST && w.armed && (struck || w.replying)
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
	if w.cell.Fault == StallRST {
		cut.Hold = w.limits.Stall
	}
	return cut
}

// find says behind how many bytes of b the fault strikes, and what the client
// is to get first. mu is held.
func (w *watched) find(toward harness.End, b []byte) (at int, insert string, struck bool) {
	for _, m := range w.watcher.See(toward, b) {
		if toward == harness.Client && w.armed && m.Exchange > 0 && w.concerns(m.Exchange) && w.bound != 0 {
			w.replying = w.place.behindReply()
		}
		if w.armed && w.concerns(m.Exchange) && m.Place == w.place.ID && w.bound != 0 {
			if m.Insert != nil {
				insert = m.Insert(w.cell.Fault)
			}
			return m.At, insert, w.hit()
		}
	}
	if end, n, ok := parseByte(w.place.ID); ok && end == toward && w.armed && w.bound != 0 {
		if at := n - w.passed[toward]; at >= 0 && (at < int64(len(b)) || at == int64(len(b)) && n > 0) {
			return int(at), "", w.hit()
		}
	}
	return len(b), "", false
}

// concerns says whether an exchange is one that the fault strikes, which may
// show late: when enough of the request has been seen. mu is held.
func (w *watched) concerns(exchange int) bool {
	if exchange == 0 {
		return true
	}
	turn, known := w.ours[exchange]
	if !known && w.matches(exchange) {
		if w.attempt < 0 || len(w.ours) > 0 {
			w.begin()
		}
		w.matched++
		turn = w.matched
		w.ours[exchange] = turn
	}
	return turn > 0 && turn >= w.subject.Nth
}

func (w *watched) matches(exchange int) bool {
	request := w.watcher.Request(exchange)
	switch {
	case w.subject.Match != nil:
		return w.subject.Match(request, w.call)
	case request == nil:
		return true
	}
	return bytes.Contains(request, []byte(w.call.ID))
}

func (w *watched) hit() bool {
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

// count keeps the books of what passes. mu is held.
func (w *watched) count(toward harness.End, b []byte, at int, struck bool) {
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
	tail := append(w.tail[toward], b[max(0, at-around):at]...)
	w.tail[toward] = tail[max(0, len(tail)-around):]
	if struck && w.cut == nil {
		after := b[at:min(len(b), at+around)]
		w.cut = &CutBytes{toward, slices.Clone(w.tail[toward]), slices.Clone(after)}
	}
}

// cutAt is the proxy's cut for the cell's fault.
func (w *watched) cutAt(toward harness.End, at int) *harness.Cut {
	forClient, forServer := endings(w.cell.Fault)
	switch {
	case w.cell.Fault == HalfClose:
		return &harness.Cut{After: int64(at), Half: true}
	case toward == harness.Client:
		return &harness.Cut{After: int64(at), With: forClient, Opposite: forServer}
	}
	return &harness.Cut{After: int64(at), With: forServer, Opposite: forClient}
}

// endings returns what a fault gives each end.
func endings(f Fault) (client, server harness.Action) {
	switch f {
	case FIN, HalfClose, CloseNote, GoAway:
		return harness.SendFIN, harness.SendFIN
	case FINRST:
		return harness.FINThenReset, harness.SendFIN
	case Stall:
		return harness.Silence, harness.Silence
	}
	return harness.SendReset, harness.SendReset
}

// arm lets the striker strike a call from now on.
func (s *striker) arm(c Call, tooMany context.CancelFunc, suspend func()) {
	bound, err := s.cell.Repeat.bound()
	if err != nil || bound == 0 {
		bound = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call, s.armed, s.bound = c, true, bound
	s.tooMany, s.suspend = tooMany, suspend
	s.attempts = []Attempt{}
}

// begins notes that the call that is to be struck is made now, or, if it was
// made before, that a client which had to be loaded has begun with it only now.
func (s *striker) begins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.armed {
		return
	}
	now := s.pulse.now()
	for i := range s.attempts {
		s.attempts[i].At = max(0, s.attempts[i].At-(now-s.start))
	}
	s.start, s.last = now, now
}

// note begins to note which connections are used, and returns what tells it.
func (s *striker) note() (tell func() use) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = &use{}
	return func() use {
		s.mu.Lock()
		defer s.mu.Unlock()
		return *s.used
	}
}

// heard returns how many bytes have passed toward the client.
func (s *striker) heard() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replied
}

// cameTo returns how many bytes have come to the client on a connection since it
// was to be kept from running.
func (s *striker) cameTo(connection int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came[connection]
}

// happens notes that something happens on a connection.
func (s *striker) happens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.pulse.now()
}

// silence is for how long nothing has happened on a connection.
func (s *striker) silence() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pulse.now() - s.last
}

// disarm ends the striking and returns for how long nothing has happened on a
// connection.
func (s *striker) disarm() (silence time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = false
	return s.pulse.now() - s.last
}

// struckLast says whether the last attempt was struck.
func (s *striker) struckLast() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.attempts) > 0 && s.attempts[len(s.attempts)-1].Struck
}

// struck returns how often the fault struck, the attempts, and the bytes
// around the first strike.
func (s *striker) struck() (strikes int, attempts []Attempt, cut *CutBytes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strikes, s.attempts, s.cut
}

// struckIdle notes a strike that the clock made.
func (s *striker) struckIdle(connections int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strikes += connections
}
