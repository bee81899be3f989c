package diagnose

import (
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Surroundings are what is known beyond a single connection: whose hosts there
// are, what the kernel counted, and which sources there were. Connections share
// them. The zero value says that all sources were there and saw everything, and
// that no counter moved.
type Surroundings struct {
	Hosts []evidence.Host
	// Missing are the sources that there were not, Gaps the times for which
	// nothing follows from what one of them does not show.
	Missing []evidence.MissingLane
	Gaps    []evidence.Gap
	// Counters are how far the kernel's counters moved while facts were
	// gathered.
	Counters []evidence.CounterDelta
	// LostPackets and LostEvents count what sources dropped: segments; and
	// kernel events or calls.
	LostPackets uint64
	LostEvents  uint64
	// Elsewhere says that the ends are machines of unknown systems, as in a
	// capture that somebody brings: [Connection.Diagnoses] then guesses their
	// stacks, and takes them for Linux otherwise. Verdicts know Linux alone.
	Elsewhere bool

	sent  map[string]int64 // RSTs on the wire, by whose counters count them
	noted map[string]int64 // RSTs that a kernel noted, likewise
}

// lacks says whether a source is missing.
func (s *Surroundings) lacks(lane evidence.Lane) bool {
	return slices.ContainsFunc(s.Missing, func(m evidence.MissingLane) bool { return m.Lane == lane })
}

// hasGap says whether a source did not see all, at whatever time.
func (s *Surroundings) hasGap(lane evidence.Lane) bool {
	return slices.ContainsFunc(s.Gaps, func(g evidence.Gap) bool { return g.Lane == lane })
}

// host returns what is known of a host.
func (s *Surroundings) host(name string) evidence.Host {
	for _, h := range s.Hosts {
		if h.Name == name {
			return h
		}
	}
	return evidence.Host{Name: name}
}

// scope returns the host by whose name the counters go that count what a host
// does: its own, or "" where hosts share theirs.
func (s *Surroundings) scope(host string) string {
	if s.host(host).Private {
		return host
	}
	return ""
}

// counts says whether there are counters that count what a host does. Where
// some hosts are in namespaces of their own, a host that neither is nor has an
// address of the loopback is somewhere else.
func (s *Surroundings) counts(name string) bool {
	if s.lacks(evidence.Counters) {
		return false
	}
	h := s.host(name)
	if h.Private || !slices.ContainsFunc(s.Hosts, func(h evidence.Host) bool { return h.Private }) {
		return true
	}
	ip, err := netip.ParseAddr(h.IP)
	return err != nil || ip.IsLoopback()
}

// counted returns how far a counter moved for a host, and perhaps for others; 0
// where nothing counts for it.
func (s *Surroundings) counted(host, counter string) (by int64) {
	if !s.counts(host) {
		return 0
	}
	scope := s.scope(host)
	for _, delta := range s.Counters {
		if delta.Host == scope && delta.Name == counter {
			by += delta.By
		}
	}
	return by
}

// noisy says whether others move the counters of a host, too.
func (s *Surroundings) noisy(host string) bool {
	return !s.host(host).Private && slices.ContainsFunc(s.Counters, func(d evidence.CounterDelta) bool { return d.Noisy })
}

// moved says whether a counter moved for a host, and for nobody else.
func (s *Surroundings) moved(host, counter string) bool {
	return s.counted(host, counter) > 0 && !s.noisy(host)
}

// ownAborts are the counters of the ways in which a socket ends a connection by
// itself (include/uapi/linux/snmp.h).
func ownAborts() []string {
	return []string{"TCPAbortOnClose", "TCPAbortOnLinger", "TCPAbortOnMemory", "TCPAbortOnData"}
}

// only says whether a counter is the only one of [ownAborts] that moved for a
// host, and so far that it explains every RST. A RST that could not leave was
// on no wire.
func (s *Surroundings) only(host, counter string) bool {
	for _, other := range ownAborts() {
		if s.moved(host, other) != (other == counter) {
			return false
		}
	}
	return s.counted(host, counter)-s.counted(host, "TCPAbortFailed") >= s.sent[s.scope(host)]
}

// notedOf returns how many RSTs a kernel noted of those that the counters of a
// host count.
func (s *Surroundings) notedOf(host string) int64 { return s.noted[s.scope(host)] }

// foreign says whether there were more RSTs in the name of a host than its TCP
// has sent.
func (s *Surroundings) foreign(host string) bool {
	return s.counts(host) && s.counted(host, "OutRsts") < s.sent[s.scope(host)]
}

// count enters a fact of a connection.
func (s *Surroundings) count(e *evidence.Event, sender string) {
	if s.sent == nil {
		s.sent, s.noted = map[string]int64{}, map[string]int64{}
	}
	switch {
	case sendsRST(e):
		s.sent[s.scope(sender)]++
	case e.Trace != nil && e.Trace.Sent():
		s.noted[s.scope(e.Host)]++
	}
}
