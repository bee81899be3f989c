package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A moment is an event, or the beginning or the end of one that takes time.
type moment struct {
	index int
	event evidence.Event
	at    time.Duration
	begun bool // the call begins here; its result is another moment
	whole bool // the call with its result stands where it began
}

// moments orders events for drawing. What a call asks for stands where it
// began, what it was told where it returned: a read that waits changes nothing
// until then. Only connect has both.
func moments(events []evidence.Event) []moment {
	var out, waiting []moment
	release := func(before time.Duration) {
		n, _ := slices.BinarySearchFunc(waiting, before, byTime)
		out = append(out, waiting[:n]...)
		waiting = waiting[n:]
	}
	for i, e := range events {
		m := moment{index: i, event: e, at: e.At}
		if e.Trace == nil { // stamped later than where it stands
			release(e.At)
		}
		switch {
		case e.Call == nil:
			out = append(out, m)
			continue
		case e.Call.Op == tcp.Connect && i+1 < len(events) && events[i+1].At <= e.At+e.Call.Duration:
			m.begun = true
			out = append(out, m)
		case !returnsLate(e.Call.Call):
			m.whole = true
			out = append(out, m)
			continue
		}
		result := moment{index: i, event: e, at: e.At + max(0, e.Call.Duration)}
		n, _ := slices.BinarySearchFunc(waiting, result.at+1, byTime)
		waiting = slices.Insert(waiting, n, result)
	}
	return append(out, waiting...)
}

func byTime(m moment, t time.Duration) int { return cmp.Compare(m.at, t) }

// returnsLate says whether a call tells its story when it returns.
func returnsLate(c tcp.Call) bool {
	switch c.Op {
	case tcp.Connect, tcp.Accept, tcp.Read, tcp.Poll, tcp.SocketError:
		return true
	}
	return failed(c)
}
