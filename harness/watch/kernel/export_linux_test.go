package kernel

import (
	"errors"

	"github.com/cilium/ebpf"
)

// OnePlace lets only one socket be kept without storage of its own.
func (o Options) OnePlace() Options {
	o.places = 1
	return o
}

// Attach attaches what Detach has detached.
func (t *Tracer) Attach() error { return t.attach() }

// Detach leaves the program loaded, and attached to nothing.
func (t *Tracer) Detach() error {
	errs := []error{t.ring.Close(), t.more.Close(), t.holders.Close()}
	for _, attached := range t.links {
		errs = append(errs, attached.Close())
	}
	t.ring, t.more, t.holders, t.links = nil, nil, nil, nil
	return errors.Join(errs...)
}

// Stats returns how often and how long each program ran that can be attached, while
// the kernel counts that.
func (t *Tracer) Stats() (map[string]*ebpf.ProgramStats, error) {
	all := map[string]*ebpf.ProgramStats{}
	var errs []error
	for name, program := range t.collection.Programs {
		if name == "holders" {
			continue
		}
		stats, err := program.Stats()
		errs = append(errs, err)
		all[name] = stats
	}
	return all, errors.Join(errs...)
}
