package origins

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
)

// A ledger is what an origin has executed, and which connections it serves.
type ledger struct {
	mu       sync.Mutex
	accounts map[string]audit.Account
	sources  map[netip.Addr]*source
	changed  chan struct{} // closed and renewed when a connection is over
}

// A source is an address that connections come from.
type source struct{ over int }

func newLedger() *ledger {
	return &ledger{
		accounts: map[string]audit.Account{}, sources: map[netip.Addr]*source{}, changed: make(chan struct{}),
	}
}

// execute counts an execution and returns which it was.
func (l *ledger) execute(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[id]
	a.Executed++
	l.accounts[id] = a
	return a.Executed
}

// executeOnce counts an execution, or a repeat that is discarded.
func (l *ledger) executeOnce(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[id]
	if a.Executed > 0 {
		a.Discarded++
	} else {
		a.Executed++
	}
	l.accounts[id] = a
}

// left notes that a connection has been served.
func (l *ledger) left(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sources[from]
	if s == nil {
		s = &source{}
		l.sources[from] = s
	}
	s.over++
	close(l.changed)
	l.changed = make(chan struct{})
}

// Account returns what was done for a call.
func (l *ledger) Account(_ context.Context, c audit.Call) (audit.Account, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts[c.ID], nil
}

// Settle waits until this many connections from source have been served.
func (l *ledger) Settle(ctx context.Context, from netip.Addr, connections int) error {
	for {
		over, changed := l.state(from)
		if over >= connections {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d connections from %v were served: %w", over, connections, from, ctx.Err())
		}
	}
}

func (l *ledger) state(from netip.Addr) (over int, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.sources[from]; s != nil {
		over = s.over
	}
	return over, l.changed
}

// Forget forgets the calls and connections of a source.
func (l *ledger) Forget(from netip.Addr, calls ...audit.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sources, from)
	for _, c := range calls {
		delete(l.accounts, c.ID)
	}
}
