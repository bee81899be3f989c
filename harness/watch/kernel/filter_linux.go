package kernel

import "errors"

// A Filter says which events are wanted: those that all of its parts want, and of
// a reset whose other end is on this machine, too, that end's event with it. A
// part that is empty wants all. It takes effect in the kernel.
type Filter struct {
	Ports []uint16 // of either end
	Kinds []uint8
	Netns []uint32 // inodes of network namespaces
	// Cgroups are inodes of directories of cgroup v2: those below belong to them.
	// CgroupNetns are the network namespaces that are theirs alone, for what has no
	// socket, as a refusal.
	Cgroups     []uint64
	CgroupNetns []uint32
	// Processes are those that own the end. Where the kernel does not know for sure
	// who does, the event is wanted.
	Processes []uint32
}

// Most is how many values a part of a Filter may have, but Ports.
const Most = 16

// Check says whether there are too many values.
func (f *Filter) Check() error {
	if max(len(f.Netns), len(f.Cgroups), len(f.CgroupNetns), len(f.Processes)) > Most {
		return errors.New("a filter takes 16 network namespaces, cgroups and processes each, and no more")
	}
	return nil
}

// constants are those of filter.h.
func (f *Filter) constants() map[string]any {
	var ports [1024]uint64
	for _, port := range f.Ports {
		ports[port>>6] |= 1 << (port & 63)
	}
	kinds := uint32(0)
	for _, kind := range f.Kinds {
		kinds |= 1 << kind
	}
	return map[string]any{
		"ports": ports[:], "any_port": number(len(f.Ports) > 0), "kinds": kinds, "any_kind": number(kinds != 0),
		"netns": list(f.Netns), "any_netns": number(len(f.Netns) > 0),
		"groups": list(f.Cgroups), "any_group": number(len(f.Cgroups) > 0), "group_netns": list(f.CgroupNetns),
		"processes": list(f.Processes), "any_process": number(len(f.Processes) > 0),
	}
}

func list[T any](values []T) []T {
	all := make([]T, Most)
	copy(all, values)
	return all
}
