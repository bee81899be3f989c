package watch

import (
	"net/netip"
	"slices"
	"time"
)

// join brings the two ends of each reset together. What has found no other end
// waits for one turn, unless there is none any more. Where data comes for a
// socket that was shut down, the kernel notes the RST that it sends as received,
// too (net/ipv4/tcp_input.c, tcp_rcv_state_process): that is left out.
func (w *Watcher) join(fresh []Event, last bool) []Diagnosis {
	resetting := map[uint64]bool{}
	for _, some := range [][]Event{w.held, fresh} {
		for i := range some {
			if some[i].Kind == Sent && some[i].Passive {
				resetting[some[i].cookie] = true
			}
		}
	}
	echo := func(e Event) bool { return e.Kind == Received && e.cookie != 0 && resetting[e.cookie] }
	w.held, fresh = slices.DeleteFunc(w.held, echo), slices.DeleteFunc(fresh, echo)
	w.remember(fresh)
	old := len(w.held)
	all := append(w.held, fresh...)
	peer := pairs(all)
	_, lost := w.source.counts()
	var some []Diagnosis
	w.held = nil
	for i := range all {
		e := &all[i]
		switch other := peer[i]; {
		case other >= 0 && e.Kind != Sent: // it is told with its other end
			w.joined[e.slot] = true
			continue
		case other < 0 && i >= old && !last && len(w.held) < mostHeld:
			w.held = append(w.held, *e)
			continue
		case other >= 0:
			some = append(some, w.diagnose(*e, &all[other], lost))
		case e.Kind == Received && w.joined[e.slot] && w.source.folding(e.slot): // its other end was only counted
		default:
			delete(w.joined, e.slot)
			some = append(some, w.diagnose(*e, nil, lost))
		}
	}
	slices.SortStableFunc(some, func(a, b Diagnosis) int { return a.Time.Compare(b.Time) })
	return some
}

// alike diagnoses events that stand for many. Received ones whose other end is
// told are no more than that.
func (w *Watcher) alike(folded []Event) []Diagnosis {
	_, lost := w.source.counts()
	var some []Diagnosis
	for _, e := range folded {
		if e.Kind == Received && w.joined[e.slot] {
			continue
		}
		e.Group = w.groups.of(&e)
		some = append(some, e.Diagnose(lost))
	}
	return some
}

// pairs finds the other end of each event among the others, -1 where there is
// none: of those that were received where it was sent, one of the same network
// namespace, else the nearest in time.
func pairs(all []Event) []int {
	peer := make([]int, len(all))
	received := map[[2]netip.AddrPort][]int{}
	for i := range all {
		peer[i] = -1
		if all[i].Kind == Received {
			key := [2]netip.AddrPort{all[i].Local, all[i].Remote}
			received[key] = append(received[key], i)
		}
	}
	for i := range all {
		if all[i].Kind != Sent {
			continue
		}
		best := -1
		for _, j := range received[[2]netip.AddrPort{all[i].Remote, all[i].Local}] {
			if peer[j] >= 0 || apart(&all[i], &all[j]) > together {
				continue
			}
			if best < 0 || nearer(&all[i], &all[j], &all[best]) {
				best = j
			}
		}
		if best >= 0 {
			peer[i], peer[best] = best, i
		}
	}
	return peer
}

func apart(a, b *Event) time.Duration { return a.Time.Sub(b.Time).Abs() }

// nearer says whether a is nearer to e than b.
func nearer(e, a, b *Event) bool {
	if (a.Netns == e.Netns) != (b.Netns == e.Netns) {
		return a.Netns == e.Netns
	}
	return apart(e, a) < apart(e, b)
}
