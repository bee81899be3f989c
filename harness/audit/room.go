package audit

import (
	"fmt"
	"runtime"
	"time"
)

// A Cost is what a client takes of the machine that is a program, as it was
// measured with nothing in its way. The zero value is a client in this process.
type Cost struct {
	CPU   time.Duration // processor time of its start and one call
	Start time.Duration // until it began with a call: the slowest start
	Tasks int           // its processes and threads at once
}

// loadingTime is how long it may take to load all clients that are loaded at
// once, if the machine does nothing else.
const loadingTime = time.Second

// loadedAtOnce is how many clients may be loaded at once; 0 is any number.
func (c Cost) loadedAtOnce() int {
	if c.CPU <= 0 {
		return 0
	}
	return max(1, int(time.Duration(runtime.GOMAXPROCS(0))*loadingTime/c.CPU))
}

// A budget is a limit of the system's for this process or its user.
type budget struct {
	what    string // that is limited
	ulimit  string // the shell's word for the limit
	limit   int
	used    int
	spare   int // what the audit needs besides its cells
	perCell int
}

// room is how many cells fit.
func (b budget) room() int { return (b.limit - b.used - b.spare) / b.perCell }

const (
	spareDescriptors = 12
	spareTasks       = 10 // threads of Go's runtime
)

// descriptors is how many a cell has open at most while its client makes a few
// attempts: listeners, both ends of connections, and the pipes of a program.
func (s *Subject) descriptors() int {
	if s.TLS != nil {
		return 40
	}
	return 24
}

// Fit returns how many of so many cells at once the limits of the system have
// room for, and what says so if it is fewer. The error says that there is no
// room for one. [Run] and [Sweep] fit Options.Parallel by themselves.
func (s *Subject) Fit(parallel int) (fits int, why string, err error) {
	fits = parallel
	for _, b := range budgets(s) {
		room := b.room()
		if room < 1 {
			return 0, "", fmt.Errorf("the limit of %s (ulimit -%s) is %d and %d are in use: an audit needs %d at least",
				b.what, b.ulimit, b.limit, b.used, b.used+b.spare+b.perCell)
		}
		if room < fits {
			fits = room
			why = fmt.Sprintf("cells are run %d at once instead of %d (--parallel): "+
				"the limit of %s (ulimit -%s) is %d, %d are in use, and a cell needs up to %d",
				fits, parallel, b.what, b.ulimit, b.limit, b.used, b.perCell)
		}
	}
	return fits, why, nil
}

// makeRoom fits the run to the limits of the system.
func (r *run) makeRoom() error {
	fits, why, err := r.subject.Fit(r.options.Parallel)
	if err != nil {
		return err
	}
	if r.options.Parallel = fits; why != "" {
		r.logf("%s", why)
	}
	return nil
}
