package record

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A hostTrace is what was captured at a host in a namespace of its own.
type hostTrace struct {
	name     string
	ip       netip.Addr
	since    instant // when it began
	segments []segment
}

// A sight is what tells a segment from others, wherever it is seen.
type sight struct {
	src, dst   netip.AddrPort
	seq, ack   uint32
	flags      string
	length, id int
}

func (s *segment) sight() sight {
	return sight{s.src, s.dst, s.packet.Seq, s.packet.Ack, s.packet.Flags, s.packet.Length, s.packet.IPID}
}

// A place is where a segment can be seen.
type place struct {
	view    int
	leaving bool
}

// merge joins the traces of several hosts: a segment is seen where it leaves,
// on its way, and where it arrives. What was sent until settled, by when it has
// been captured wherever it came, and did not come to its end, while that was
// watched, was dropped on the way. If not all was captured settled is 0: one
// cannot tell.
func merge(hosts []hostTrace, settled instant) []segment {
	places := map[sight]map[place][]*segment{}
	var order []sight
	for v := range hosts {
		for i := range hosts[v].segments {
			s := &hosts[v].segments[i]
			key := s.sight()
			if places[key] == nil {
				places[key] = map[place][]*segment{}
				order = append(order, key)
			}
			at := place{v, s.outgoing}
			places[key][at] = append(places[key][at], s)
		}
	}
	var merged []segment
	for _, key := range order {
		alike := best(places[key])
		arrived := len(alike) // or it is not known
		for v := range hosts {
			if hosts[v].ip == key.dst.Addr() && hosts[v].since < alike[0].at {
				arrived = len(places[key][place{v, false}])
			}
		}
		for i, s := range alike {
			whole := *s
			whole.packet.Dropped = i >= arrived && s.at <= settled
			whole.packet.Path = path(hosts, places[key], i)
			merged = append(merged, whole)
		}
	}
	slices.SortStableFunc(merged, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
	return merged
}

// best returns a segment, and what is like it, from where most of its kind were
// seen; if that says nothing, from as far as it came.
func best(places map[place][]*segment) []*segment {
	return slices.MaxFunc(slices.Collect(maps.Values(places)), func(a, b []*segment) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a[0].at, b[0].at))
	})
}

// path returns where the i-th of segments that are alike was seen, in order.
func path(hosts []hostTrace, places map[place][]*segment, i int) []evidence.Sighting {
	type sighting struct {
		evidence.Sighting
		at instant
	}
	var seen []sighting
	for v := range hosts {
		for _, leaving := range []bool{false, true} {
			if segments := places[place{v, leaving}]; i < len(segments) {
				seen = append(seen, sighting{evidence.Sighting{Host: hosts[v].name, Leaving: leaving}, segments[i].at})
			}
		}
	}
	slices.SortStableFunc(seen, func(a, b sighting) int { return cmp.Compare(a.at, b.at) })
	path := make([]evidence.Sighting, len(seen))
	for i := range seen {
		path[i] = seen[i].Sighting
	}
	return path
}
