package diagnose

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// senderOf returns the host whose stack sent a segment, if any did: the one
// that the segment left before any other saw it or else, where no capture tells,
// the one that it names.
func (c *Connection) senderOf(e *evidence.Event) string {
	if e.Packet != nil && len(e.Packet.Path) > 0 && !c.lostPackets() && e.Packet.Path[0].Leaving {
		return e.Packet.Path[0].Host
	}
	return e.Host
}

// origin returns where a segment came into being, as far as captures tell: in
// one host, which it left without having come to it, or between two. It is nil
// where no host on its way has a capture, or one has lost segments.
func (c *Connection) origin(at int) []string {
	path := c.facts[at].Packet.Path
	switch {
	case len(path) == 0 || c.lostPackets():
		return nil
	case path[0].Leaving:
		return []string{path[0].Host}
	}
	if before := c.hopBefore(at, path[0].Host); before != "" {
		return []string{before, path[0].Host}
	}
	return nil
}

// hopBefore returns the host from which a segment should have come to another,
// going by what else went between the same two ends; "" if nothing says so.
func (c *Connection) hopBefore(at int, host string) string {
	for i, other := range c.facts {
		if other.Packet == nil || i == at {
			continue
		}
		path := slices.Clone(other.Packet.Path)
		if other.Host != c.facts[at].Host { // the way back
			slices.Reverse(path)
		}
		hop := slices.IndexFunc(path, func(s evidence.Sighting) bool { return s.Host == host })
		if hop > 0 {
			return path[hop-1].Host
		}
	}
	return ""
}

// spoofedByPath says why a RST cannot be from the TCP that it names, by where it
// was first seen; "" if that does not speak against it. A TCP sends in its own
// name only.
func (q *question) spoofedByPath() string {
	if q.seen() {
		origin := q.origin(q.at)
		switch {
		case len(origin) == 2:
			return "it was first seen there"
		case len(origin) == 1 && origin[0] != q.fact().Host:
			return "that host is none of the two ends"
		}
	}
	return ""
}

// between is the verdict on a RST that no TCP of the two ends has sent.
func (q *question) between(clue string) {
	origin, claimed := q.origin(q.at), q.fact().Host
	q.verdict.Sender, q.verdict.Host, q.verdict.Origin, q.verdict.Clue = evidence.Between, "", origin, clue
	switch {
	case len(origin) == 2:
		q.verdict.Why = fmt.Sprintf("a device between %s and %s sent it in the name of %s", origin[0], origin[1], claimed)
		q.verdict.Clue = fmt.Sprintf("it came to %s and had not left %s; %s", origin[1], origin[0], clue)
	case len(origin) == 1 && origin[0] != claimed:
		q.verdict.Why = fmt.Sprintf("a firewall or a forger on %s sent it in the name of %s", origin[0], claimed)
		q.verdict.Clue = fmt.Sprintf("it left %s and had not come there; %s", origin[0], clue)
	case len(origin) == 1:
		q.verdict.Why = fmt.Sprintf("a firewall or a forger on %s sent it, not its TCP", origin[0])
		q.verdict.Clue = fmt.Sprintf("it left %s; %s", origin[0], clue)
	default:
		q.verdict.Why = "a device between the ends, or a forger, sent it in the name of one of them"
	}
}
