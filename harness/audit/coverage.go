package audit

import (
	"slices"
	"sync"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A coverage is the places that a call comes by in a rehearsal.
type coverage struct {
	subject *Subject
	before  int64 // connections to the origin that were made before the call

	mu   sync.Mutex // guards the rest: connections are watched concurrently
	call Call
	met  []metPlace
	ours map[request]bool // whether it is the call's, of each that has been seen

	turns map[int]*taking // by connection
}

// A request is one on a connection. Its exchange is 0 outside of any.
type request struct{ connection, exchange int }

type metPlace struct {
	id string
	in request
}

// begin forgets what was seen before the call.
func (c *coverage) begin(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.call, c.met, c.ours, c.turns = call, nil, map[request]bool{}, map[int]*taking{}
}

func (c *coverage) watch(connection int) harness.Watcher {
	watcher := c.subject.Protocol.Watch()
	return func(toward harness.End, b []byte) *harness.Cut {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.turns != nil && len(b) > 0 {
			if c.turns[connection] == nil {
				c.turns[connection] = &taking{}
			}
			c.turns[connection].count(toward, len(b))
		}
		for _, moment := range watcher.See(toward, b) {
			in := request{connection, moment.Exchange}
			c.met = append(c.met, metPlace{moment.Place, in})
			if moment.Exchange > 0 && !c.ours[in] && c.ours != nil {
				c.ours[in] = c.subject.asks(watcher.Request(moment.Exchange), c.call)
			}
		}
		return nil
	}
}

// A taking is how the ends of a connection have taken turns.
type taking struct {
	turns   []point.Turn
	replied bool // the present turn has a reply
}

func (t *taking) count(toward harness.End, n int) {
	if len(t.turns) == 0 || toward == harness.Server && t.replied {
		t.turns, t.replied = append(t.turns, point.Turn{}), false
	}
	now := &t.turns[len(t.turns)-1]
	if toward == harness.Server {
		now.ToServer += int64(n)
		return
	}
	now.ToClient += int64(n)
	t.replied = true
}

// takenTurns returns the turns of the call's connection, if it was one.
func (c *coverage) takenTurns() []point.Turn {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, only := range c.turns {
		if len(c.turns) == 1 {
			return slices.Clone(only.turns)
		}
	}
	return nil
}

// taken returns the places at the call's requests and outside of any, and whether
// there were requests, and none was the call's.
func (c *coverage) taken() (places []string, nameless bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	nameless = len(c.ours) > 0
	for _, ours := range c.ours {
		nameless = nameless && !ours
	}
	for _, m := range c.met {
		if m.in.exchange == 0 || c.ours[m.in] {
			places = append(places, m.id)
		}
	}
	return places, nameless
}
