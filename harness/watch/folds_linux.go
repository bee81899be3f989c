package watch

import (
	"time"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// folds knows of which kinds the events were that the kernel only counted.
type folds struct {
	last   [kernel.Slots]Event  // of each kind
	told   [kernel.Slots]uint64 // how many of them have been told
	when   [kernel.Slots]time.Time
	all    uint64
	looked time.Time
}

func (f *folds) remember(e *Event) {
	if e.slot > 0 && e.slot <= kernel.Slots {
		f.last[e.slot-1] = *e
	}
}

// tell hands over an event for those of each kind that were counted since the
// last time. The first of a kind is never only counted, so that it is known.
func (f *folds) tell(tracer *kernel.Tracer, each func(Event)) error {
	f.looked = time.Now()
	counts, err := tracer.Counts()
	if err != nil || counts.Folded == f.all {
		return err
	}
	f.all = counts.Folded
	return tracer.Folded(func(slot uint16, folded uint64) {
		if more := folded - f.told[slot-1]; more > 0 {
			f.told[slot-1], f.when[slot-1] = folded, f.looked
			e := f.last[slot-1]
			e.Time, e.Times = f.looked, int64(more)
			each(e)
		}
	})
}

// folding says whether some of a kind are not told yet, or were told just now.
func (f *folds) folding(tracer *kernel.Tracer, slot uint16) (is bool) {
	tracer.Folded(func(s uint16, folded uint64) { // what fails is not folding
		is = is || s == slot && (folded > f.told[s-1] || time.Since(f.when[s-1]) < 2*time.Second)
	})
	return is
}

// kernel is the filter in the kernel's words.
func (f *Filter) kernel() kernel.Filter {
	k := kernel.Filter{Ports: f.Ports, Netns: f.Netns}
	for _, kind := range f.Kinds {
		k.Kinds = append(k.Kinds, map[Kind]uint8{Sent: kernel.Sent, Received: kernel.Received, Failed: kernel.Failed}[kind])
	}
	for _, process := range f.Processes {
		k.Processes = append(k.Processes, uint32(process))
	}
	for _, container := range f.Containers {
		k.Cgroups = append(k.Cgroups, container.Cgroup)
		k.CgroupNetns = append(k.CgroupNetns, container.Netns...)
	}
	return k
}
