package audit

import (
	"sync"

	"github.com/resetlab/resetlab/harness"
)

// A coverage is the places that a call comes by in a rehearsal.
type coverage struct {
	subject *Subject
	before  int64 // connections to the origin that were made before the call

	mu   sync.Mutex // guards the rest: connections are watched concurrently
	call Call
	met  []metPlace
	ours map[request]bool // whether it is the call's, of each that has been seen
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
	c.call, c.met, c.ours = call, nil, map[request]bool{}
}

func (c *coverage) watch(connection int) harness.Watcher {
	watcher := c.subject.Protocol.Watch()
	return func(toward harness.End, b []byte) *harness.Cut {
		c.mu.Lock()
		defer c.mu.Unlock()
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
