package audit

import (
	"context"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// A trigger watches the connections of one cell and decides when the fault
// strikes them: at the cell's place.
type trigger struct {
	subject *Subject
	cell    Cell
	place   Place
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
	matched  int // how many requests matched so far
	attempts []Attempt
	used     *use          // by the call that is made now, if that is wanted
	replied  int64         // bytes that passed toward the client, of all connections
	last     time.Duration // when something last happened on a connection, by the clock
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

	carried bool // a request of the call was seen in it
}

// CutBytes are the bytes around the first strike, in the direction in which
// it was due.
type CutBytes struct {
	Toward harness.End `json:"toward"`
	Before []byte      `json:"before"` // the last that passed
	After  []byte      `json:"after"`  // the first that were withheld
}

// contextBytes is how many bytes on each side of a strike are kept.
const contextBytes = 24

// arm lets the trigger strike a call from now on.
func (t *trigger) arm(c Call, tooMany context.CancelFunc, suspend func()) {
	bound, err := t.cell.Repeat.bound()
	if err != nil || bound == 0 {
		bound = -1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.call, t.armed, t.bound = c, true, bound
	t.tooMany, t.suspend = tooMany, suspend
	t.attempts = []Attempt{}
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
func (t *trigger) struck() (strikes int, attempts []Attempt, cut *CutBytes) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.strikes, t.attempts, t.cut
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
