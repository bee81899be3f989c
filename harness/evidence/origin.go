package evidence

import (
	"fmt"
	"slices"
)

// origin returns where a segment came into being, as far as captures tell: in
// one host, which it left without having come to it, or between two. Its names
// are nil where no host on its way has a capture, or one has lost segments.
func (t *trial) origin(i int) []string {
	path := t.Events[i].Packet.Path
	switch {
	case len(path) == 0 || t.LostPackets > 0:
		return nil
	case path[0].Leaving:
		return []string{path[0].Host}
	}
	if before := t.hopBefore(i, path[0].Host); before != "" {
		return []string{before, path[0].Host}
	}
	return nil
}

// hopBefore returns the host from which a segment should have come to another,
// going by what else went between the same two ends; "" if nothing says so.
func (t *trial) hopBefore(i int, host string) string {
	event := &t.Events[i]
	for _, j := range t.byFlow[event.Flow] {
		other := &t.Events[j]
		if other.Packet == nil || j == i {
			continue
		}
		path := slices.Clone(other.Packet.Path)
		if other.Host != event.Host { // the way back
			slices.Reverse(path)
		}
		at := slices.IndexFunc(path, func(s Sighting) bool { return s.Host == host })
		if at > 0 {
			return path[at-1].Host
		}
	}
	return ""
}

// between is the verdict on a RST that no TCP of ours has sent.
func (t *trial) between(reset *Reset, clue string) {
	origin, claimed := t.origin(reset.Event), t.Events[reset.Event].Host
	reset.Sender, reset.Host, reset.Origin, reset.Clue = Between, "", origin, clue
	switch {
	case len(origin) == 2:
		reset.Why = fmt.Sprintf("a device between %s and %s sent it in the name of %s", origin[0], origin[1], claimed)
		reset.Clue = fmt.Sprintf("it came to %s and had not left %s; %s", origin[1], origin[0], clue)
	case len(origin) == 1 && origin[0] != claimed:
		reset.Why = fmt.Sprintf("a firewall or a forger on %s sent it in the name of %s", origin[0], claimed)
		reset.Clue = fmt.Sprintf("it left %s and had not come there; %s", origin[0], clue)
	case len(origin) == 1:
		reset.Why = fmt.Sprintf("a firewall or a forger on %s sent it, not its TCP", origin[0])
		reset.Clue = fmt.Sprintf("it left %s; %s", origin[0], clue)
	default:
		reset.Why = "a device between the ends, or a forger, sent it in the name of one of them"
	}
}

// sentBy returns the host whose stack has sent a RST if any has: the one that
// it left or else, where no capture tells, the one that it names.
func (t *trial) sentBy(i int) string {
	if origin := t.origin(i); len(origin) == 1 {
		return origin[0]
	}
	return t.Events[i].Host
}

// astray says why a RST cannot be from the TCP that it names, by where it was
// first seen: "" if that does not speak against it. A TCP sends in its own
// name only.
func (t *trial) astray(i int) string {
	origin, event := t.origin(i), &t.Events[i]
	switch {
	case len(origin) == 2:
		return "it was first seen there"
	case len(origin) == 1 && origin[0] != event.Host:
		return "that host is none of the two ends"
	}
	return ""
}
