package diagnose

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A shape is how a stack begins a connection: the options of its SYN in their
// order (kinds: 1 NOP, 2 MSS, 3 window scale, 4 SACK permitted, 8 timestamps),
// and the TTL that it begins with. Of a SYN ACK those options count that the SYN
// had asked for. Sources: the systems' own SYNs, as p0f lists them.
type shape struct {
	system System
	kinds  string
	ttl    int
	window int // 0: any
}

// shapes is the table of the stacks whose SYN or SYN ACK is unlike those of the
// others.
func shapes() []shape {
	return []shape{
		{BSD, "2 1 1 4 1 3", 64, 16384}, // OpenBSD without timestamps
		{Linux, "2 4 8 1 3", 64, 0},
		{Linux, "2 1 1 4 1 3", 64, 0}, // without timestamps
		{Linux, "2 1 1 8 1 3", 64, 0}, // without SACK
		{Windows, "2 1 3 1 1 4", 128, 0},
		{Windows, "2 1 3 1 1 8 1 1 4", 128, 0},
		{Windows, "2 1 3 4 8", 128, 0},
		{Windows, "2 1 1 4", 128, 0},
		{Windows, "2 4 8", 128, 0},
		{BSD, "2 1 3 1 1 8 4", 64, 0}, // macOS, iOS
		{BSD, "2 1 3 4 8", 64, 0},     // FreeBSD
		{BSD, "2 1 3 1 1 4", 64, 0},
		{BSD, "2 1 1 4 1 3 1 1 8", 64, 0}, // OpenBSD
		{BSD, "2 1 3 4 1 1 8", 64, 0},     // NetBSD
		{LWIP, "2", 255, 0},
		{LWIP, "2 1 3", 255, 0},
	}
}

// guess says which stack an end has, going by how it began.
func (w *wire) guess(end int, e side) Stack {
	if !w.around.Elsewhere {
		return Stack{Linux, Certain, "it is a machine of this laboratory"}
	}
	if e.syn < 0 {
		return Stack{UnknownSystem, Undecided, "its SYN was not captured"}
	}
	syn := &w.segments[e.syn]
	switch {
	case !syn.shown:
		return Stack{UnknownSystem, Undecided, "the options of its SYN are not known"}
	case syn.Packet.Flags == "SYN" && len(syn.options.Kinds) <= 1 && scans(syn.Packet.Window):
		return Stack{RawSocket, Likely, fmt.Sprintf("its SYN has window %d and the options %s, as scanners send it",
			syn.Packet.Window, kinds(syn.options.Kinds))}
	}
	options := kinds(syn.options.Kinds)
	for _, s := range shapes() {
		if s.kinds == options && s.fits(syn) {
			return shaped(s, syn)
		}
	}
	return Stack{UnknownSystem, Undecided, "no known system begins with the options " + options}
}

// scans says whether a window is one that scanners choose.
func scans(window int) bool { return window > 0 && window <= 4096 && window%1024 == 0 }

// fits says whether a SYN or SYN ACK with the options of the shape has the rest
// of it, as far as that is known.
func (s *shape) fits(syn *segment) bool {
	p := syn.Packet
	return (p.Lacks(evidence.FieldTTL) || initialTTL(p.TTL) == s.ttl) &&
		(p.Lacks(evidence.FieldWindow) || s.window == 0 || p.Window == s.window)
}

// shaped is the stack whose shape fits. Without a TTL others may fit as well.
func shaped(s shape, syn *segment) Stack {
	others := slices.ContainsFunc(shapes(), func(o shape) bool { return o.kinds == s.kinds && o.system != s.system })
	clue := fmt.Sprintf("the order of the options in its %s (%s)", syn.Packet.Flags, s.kinds)
	switch {
	case !syn.Packet.Lacks(evidence.FieldTTL):
		return Stack{s.system, Likely, fmt.Sprintf("%s, and TTL %d", clue, syn.Packet.TTL)}
	case others:
		return Stack{UnknownSystem, Undecided, clue + " is that of several systems"}
	}
	return Stack{s.system, Likely, clue}
}

// kinds writes kinds of options as in the table of shapes. Those that a shape
// leaves out, such as TCP Fast Open's and Multipath TCP's, are not written.
func kinds(found []byte) string {
	var text []byte
	for i, kind := range found {
		if kind > 8 {
			break
		}
		if i > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendInt(text, int64(kind), 10)
	}
	return string(text)
}

// initialTTL returns what a TTL began with: the next of those that systems use.
func initialTTL(ttl int) int {
	for _, initial := range []int{32, 64, 128} {
		if ttl <= initial {
			if initial == 32 {
				return 64 // 32 is history
			}
			return initial
		}
	}
	return 255
}

// is says whether an end is known to have a stack.
func (w *wire) is(end int, system System) bool { return w.stacks[end].System == system }
