package wire

import (
	"slices"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A conversation keeps what has been seen of the requests of a connection.
type conversation struct {
	requests [][]byte // by exchange, from 1
	open     bool     // the last exchange is not over
	told     int      // exchanges whose beginning has been told
}

// exchange returns the number of the last one; 0 is none yet.
func (c *conversation) exchange() int { return len(c.requests) }

// request keeps bytes of a request, of a new exchange if none is open.
func (c *conversation) request(b []byte) {
	if !c.open {
		c.open = true
		c.requests = append(c.requests, nil)
	}
	last := len(c.requests) - 1
	c.requests[last] = append(c.requests[last], b...)
}

// opening returns the places at the first byte of an exchange, once.
func (c *conversation) opening() []string {
	if c.told == c.exchange() {
		return nil
	}
	c.told = c.exchange()
	if c.told == 1 {
		return []string{""} // it is not pooled yet, and only begins
	}
	return []string{"P4.race"}
}

// Request returns what has been seen of a request.
func (c *conversation) Request(exchange int) []byte {
	if exchange < 1 || exchange > len(c.requests) {
		return nil
	}
	return c.requests[exchange-1]
}

// inOrder sorts moments by where they are, as a Watcher returns them.
func inOrder(moments []point.Moment) []point.Moment {
	slices.SortStableFunc(moments, func(a, b point.Moment) int { return a.At - b.At })
	return moments
}
