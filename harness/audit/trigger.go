package audit

import (
	"context"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A trigger watches the connections of one cell and decides when the fault
// strikes them: at the cell's place.
type trigger struct {
	subject *Subject
	cell    point.Cell
	place   point.Place
	limits  Limits
	hits    chan struct{} // gets a value when the fault strikes; it has room for one
	clock   *clock

	mu       sync.Mutex         // guards the rest
	call     Call               // the call that is to be struck
	tooMany  context.CancelFunc // called when the client storms
	start    time.Duration      // when it was made, by the clock
	armed    bool
	bound    int // how many strikes are left; negative: without bound
	strikes  int
	matched  int  // how many requests matched so far
	asked    bool // some were looked into
	attempts []attempt
	used     *use          // by the call that is made now, if that is wanted
	replied  int64         // bytes that passed toward the client, of all connections
	last     time.Duration // when something last happened on a connection, by the clock
	cut      *verdict.CutBytes

	// suspend keeps the client from running, where the fault is DataRST, and came
	// is how many bytes have come to it on each connection since.
	suspend func()
	came    map[int]int64

	paced map[int]*watchedConn // by number, where the fault is harmless
}

// An attempt is one, and whether a request of the call was seen in it.
type attempt struct {
	verdict.Attempt
	carried bool
}

// contextBytes is how many bytes on each side of a strike are kept.
const contextBytes = 24

// arm lets the trigger strike a call from now on.
func (t *trigger) arm(c Call, tooMany context.CancelFunc, suspend func()) {
	bound, err := t.cell.Repeat.Bound()
	if err != nil || bound == 0 {
		bound = -1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.call, t.armed, t.bound = c, true, bound
	t.tooMany, t.suspend = tooMany, suspend
	t.attempts = []attempt{}
}

// begins notes that the call that is to be struck is made now, or, if it was
// made before, that a client which had to be loaded has begun with it only now.
func (t *trigger) begins() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.armed {
		return
	}
	now := t.clock.now()
	for i := range t.attempts {
		t.attempts[i].At = max(0, t.attempts[i].At-(now-t.start))
	}
	t.start, t.last = now, now
}

// noteUse begins to note which connections are used, and returns what says it.
func (t *trigger) noteUse() (used func() use) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used = &use{}
	return func() use {
		t.mu.Lock()
		defer t.mu.Unlock()
		return *t.used
	}
}

// toClient returns how many bytes have passed toward the client.
func (t *trigger) toClient() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.replied
}

// cameTo returns how many bytes have come to the client on a connection since it
// was to be kept from running.
func (t *trigger) cameTo(connection int) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.came[connection]
}

// touch notes that something happens on a connection.
func (t *trigger) touch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = t.clock.now()
}

// idle is for how long nothing has happened on a connection.
func (t *trigger) idle() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clock.now() - t.last
}

// disarm ends the striking and returns for how long nothing has happened on a
// connection.
func (t *trigger) disarm() (idle time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed = false
	return t.clock.now() - t.last
}

// struckLast says whether the last attempt was struck.
func (t *trigger) struckLast() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.attempts) > 0 && t.attempts[len(t.attempts)-1].Struck
}

// struck returns how often the fault struck, the attempts, and the bytes
// around the first strike.
func (t *trigger) struck() (strikes int, attempts []verdict.Attempt, cut *verdict.CutBytes) {
	t.mu.Lock()
	defer t.mu.Unlock()
	attempts = make([]verdict.Attempt, 0, len(t.attempts))
	for _, a := range t.attempts {
		attempts = append(attempts, a.Attempt)
	}
	return t.strikes, attempts, t.cut
}

// nameless says whether requests were seen, and none was the call's, where the place
// is at one.
func (t *trigger) nameless() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _, byByte := point.ParseByte(t.place.ID)
	return t.asked && t.matched == 0 && !byByte
}

// struckIdle notes strikes before the call, of idle connections.
func (t *trigger) struckIdle(connections int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.strikes += connections
}

// cutAt is the proxy's cut for the cell's fault.
func (w *watchedConn) cutAt(toward harness.End, at int) *harness.Cut {
	forClient, forServer := endings(w.cell.Fault)
	switch {
	case w.cell.Fault == point.HalfClose:
		return &harness.Cut{After: int64(at), Half: true}
	case toward == harness.Client:
		return &harness.Cut{After: int64(at), With: forClient, Opposite: forServer}
	}
	return &harness.Cut{After: int64(at), With: forServer, Opposite: forClient}
}

// endings returns what a fault gives each end.
func endings(f point.Fault) (client, server harness.Action) {
	switch f {
	case point.FIN, point.HalfClose, point.CloseNote, point.GoAway:
		return harness.SendFIN, harness.SendFIN
	case point.FINRST:
		return harness.FINThenReset, harness.SendFIN
	case point.Stall:
		return harness.Silence, harness.Silence
	}
	return harness.SendReset, harness.SendReset
}
