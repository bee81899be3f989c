package agent

import (
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// costs are what the runs of a program have taken of the machine at most.
type costs struct {
	mu   sync.Mutex // guards the rest
	most audit.Cost
}

// watch looks at a program until it has ended.
func (c *costs) watch(pid int, exited <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		now := costOf(pid)
		c.mu.Lock()
		c.most.CPU, c.most.Tasks = max(c.most.CPU, now.CPU), max(c.most.Tasks, now.Tasks)
		c.mu.Unlock()
		select { // there is no event for what a process takes
		case <-tick.C:
		case <-exited:
			return
		}
	}
}

// started notes how long a start took.
func (c *costs) started(start time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most.Start = max(c.most.Start, start)
}

func (c *costs) measured() audit.Cost {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}
