package watch

import (
	"errors"
	"fmt"
	"slices"
)

// A Filter says which resets are wanted: those of which one end is wanted by all
// of its parts. A part that is empty wants all.
type Filter struct {
	Ports      []uint16 // of either end
	Processes  []int    // the owner
	Kinds      []Kind
	Netns      []uint32 // inodes of network namespaces; see FindNetns
	Containers []Container
}

// A Container is where the processes of a container, a unit of systemd or a pod
// are.
type Container struct {
	Group  Group
	Cgroup uint64 // inode of its directory
	// Netns are the network namespaces that it has for itself: what has no socket,
	// as a refusal, is its if it is in one.
	Netns []uint32
}

// mostOfEach is how many values each part may have but Ports and Kinds.
const mostOfEach = 16

// Check says what the values are that there cannot be.
func (f *Filter) Check() error {
	for _, kind := range f.Kinds {
		if kind != Sent && kind != Received && kind != Failed {
			return fmt.Errorf("there is no kind %q: it is one of %s, %s, %s", kind, Sent, Received, Failed)
		}
	}
	for _, port := range f.Ports {
		if port == 0 {
			return errors.New("no connection has port 0")
		}
	}
	for _, process := range f.Processes {
		if process < 1 {
			return fmt.Errorf("no process has the number %d", process)
		}
	}
	if max(len(f.Processes), len(f.Netns), len(f.Containers)) > mostOfEach {
		return fmt.Errorf("a filter takes %d processes, network namespaces and containers each, and no more", mostOfEach)
	}
	inodes := 0
	for _, c := range f.Containers {
		inodes += len(c.Netns)
	}
	if inodes > mostOfEach {
		return fmt.Errorf("the containers have %d network namespaces: a filter takes %d", inodes, mostOfEach)
	}
	return nil
}

// wants says whether a diagnosis is wanted.
func (f *Filter) wants(d *Diagnosis) bool {
	ends := []*Event{&d.Event}
	if d.Peer != nil {
		ends = append(ends, d.Peer)
	}
	return slices.ContainsFunc(ends, f.wantsEnd)
}

func (f *Filter) wantsEnd(e *Event) bool {
	switch {
	case len(f.Ports) > 0 && !slices.Contains(f.Ports, e.Local.Port()) && !slices.Contains(f.Ports, e.Remote.Port()),
		len(f.Processes) > 0 && !slices.Contains(f.Processes, e.Owner.PID) &&
			!slices.ContainsFunc(e.Owner.Others, func(p Process) bool { return slices.Contains(f.Processes, p.PID) }),
		len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind),
		len(f.Netns) > 0 && !slices.Contains(f.Netns, e.Netns),
		len(f.Containers) > 0 && !e.inside && (e.Whole || !slices.ContainsFunc(f.Containers, func(c Container) bool {
			return slices.Contains(c.Netns, e.Netns)
		})):
		return false
	}
	return true
}
