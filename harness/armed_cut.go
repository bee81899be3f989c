package harness

import (
	"slices"
	"sync"
)

// An ArmedCut is a [Cut] on duty, as [Proxy.Cut] returns it. Its methods may be
// called at any time, also when the proxy is closed.
type ArmedCut struct {
	cut   Cut
	proxy *Proxy
	nth   int // the one connection concerned; 0: every one

	// The proxy's mutex guards the rest.
	disarmed bool
	count    int       // how often it has struck
	strikes  []*Strike // the newest of them
	done     chan struct{}
	settled  bool // done is closed
}

// newArmedCut returns a cut on duty that nobody knows yet.
func (p *Proxy) newArmedCut(c Cut) *ArmedCut {
	return &ArmedCut{cut: c, proxy: p, done: make(chan struct{})}
}

// Cut returns what was armed.
func (a *ArmedCut) Cut() Cut { return a.cut }

// Struck says whether the cut has struck. It is true before the end that is
// struck can notice: who has seen the connection end and reads false here was
// ended by something else.
func (a *ArmedCut) Struck() bool {
	a.proxy.mu.Lock()
	defer a.proxy.mu.Unlock()
	return a.count > 0
}

// Done returns a channel that is closed when it is settled whether the cut
// strikes: when its first strike is over, and both ends have got their endings,
// or when it cannot strike any more, because it was disarmed, its one connection
// is over or the proxy is closed. [ArmedCut.Struck] tells which.
func (a *ArmedCut) Done() <-chan struct{} { return a.done }

// Disarm ends the cut's duty: it strikes no more. A strike that has begun goes
// on. Disarmed again, or when it can strike no more, it does nothing.
func (a *ArmedCut) Disarm() {
	a.proxy.mu.Lock()
	defer a.proxy.mu.Unlock()
	a.disarmed = true
	if a.count == 0 {
		a.settle()
	}
}

// Report says what has become of the cut so far.
func (a *ArmedCut) Report() CutReport {
	a.proxy.mu.Lock()
	defer a.proxy.mu.Unlock()
	return a.report()
}

// report is Report. The proxy's mutex is held.
func (a *ArmedCut) report() CutReport {
	r := CutReport{Cut: a.cut, Struck: a.count > 0, Count: a.count}
	for _, strike := range newest(a.strikes, a.proxy.settings.Keep) {
		r.Strikes = append(r.Strikes, *strike)
	}
	return r
}

// enter notes a strike. The proxy's mutex is held.
func (a *ArmedCut) enter(s Strike) *Strike {
	a.count++
	a.strikes = keepNewest(append(a.strikes, &s), a.proxy.settings.Keep)
	return &s
}

// settle tells those who wait that the cut has struck, or cannot any more. The
// proxy's mutex is held.
func (a *ArmedCut) settle() {
	if !a.settled {
		a.settled = true
		close(a.done)
	}
}

// spent says whether the cut can strike no more. The proxy's mutex is held.
func (a *ArmedCut) spent() bool {
	return a.disarmed || a.cut.Times > 0 && a.count >= a.cut.Times
}

func (a *ArmedCut) concerns(number int) bool { return a.nth == 0 || a.nth == number }

// keepNewest drops the oldest of what exceeds keep, many at a time, so that
// each addition costs little.
func keepNewest[T any](all []T, keep int) []T {
	if len(all) < 2*keep {
		return all
	}
	return slices.Clone(all[len(all)-keep:])
}

// newest returns at most the last keep of all.
func newest[T any](all []T, keep int) []T { return all[max(0, len(all)-keep):] }

// A striking is one strike of a cut while both ends are given their endings.
type striking struct {
	conn   *connection
	cut    *ArmedCut
	strike *Strike // the proxy's mutex guards it
	resets int     // how many ends still get a RST; the proxy's mutex guards it
	ends   sync.WaitGroup
}

// drained notes what a RST threw away, just before it.
func (s *striking) drained(undelivered int64) {
	s.conn.proxy.mu.Lock()
	defer s.conn.proxy.mu.Unlock()
	s.strike.Undelivered += undelivered
	s.resets--
	s.strike.Drained = s.resets == 0 && s.strike.Undelivered == 0
	if undelivered > 0 {
		s.conn.mu.Lock()
		s.conn.undelivered = true
		s.conn.mu.Unlock()
	}
}

// over tells those who wait for the strike that both ends have their endings.
func (s *striking) over() {
	p := s.conn.proxy
	p.mu.Lock()
	strike := *s.strike
	p.mu.Unlock()
	if p.settings.Struck != nil {
		p.settings.Struck(s.cut, strike)
	}
	p.mu.Lock()
	s.cut.settle()
	p.mu.Unlock()
}
