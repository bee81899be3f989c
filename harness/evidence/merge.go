package evidence

import (
	"cmp"
	"net/netip"
	"slices"
)

// A view is what was captured at a host in a namespace of its own.
type view struct {
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

// merge joins the views of several hosts: a segment is seen where it leaves,
// on its way, and where it arrives. It is taken from where most of its kind
// were seen; if that says nothing, from as far as it came. What did not come to
// its end, while that was watched, was dropped on the way; if not all was
// captured, one cannot tell.
func merge(views []view, all bool) []segment {
	places := map[sight][][]*segment{} // by view, and leaving before arriving
	var order []sight
	for v := range views {
		for i := range views[v].segments {
			s := &views[v].segments[i]
			key := sight{s.src, s.dst, s.packet.Seq, s.packet.Ack, s.packet.Flags, s.packet.Length, s.packet.IPID}
			if places[key] == nil {
				places[key] = make([][]*segment, 3*len(views))
				order = append(order, key)
			}
			place := v // leaving
			switch {
			case !s.outgoing && s.dst.Addr() == views[v].ip:
				place += 2 * len(views) // at its end
			case !s.outgoing:
				place += len(views) // on its way
			}
			places[key][place] = append(places[key][place], s)
		}
	}
	var merged []segment
	for _, key := range order {
		best := slices.MaxFunc(places[key], func(a, b []*segment) int { return cmp.Compare(len(a), len(b)) })
		for _, place := range slices.Backward(places[key]) {
			if len(place) == len(best) {
				best = place
				break
			}
		}
		arrived := len(best) // or it is not known
		for v := range views {
			if all && views[v].ip == key.dst.Addr() && views[v].since < best[0].at {
				arrived = len(places[key][v+2*len(views)])
			}
		}
		for i, s := range best {
			s.packet.Dropped = i >= arrived
			merged = append(merged, *s)
		}
	}
	slices.SortStableFunc(merged, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
	return merged
}
