package flows

import (
	"cmp"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// The names of the two ends.
const (
	Client = "client"
	Server = "server"
)

// Events returns what was kept of the connection as events of a recording that
// began with its first segment, and the ends as the hosts Client and Server.
// Sequence numbers count from each side's first, as [evidence.Packet] wants it.
// What was not kept one by one stands as sums where the first of it was. ICMP
// errors stand where they came.
func (f *Flow) Events() []evidence.Event {
	numbers, told := f.numbers(), f.messages()
	events := make([]evidence.Event, 0, len(numbers)+len(told)+2)
	last, bulk := uint32(0), false
	for _, n := range numbers {
		k := f.tracker.pool.at(n)
		for ; len(told) > 0 && told[0].behind < k.order; told = told[1:] {
			events = append(events, f.icmpEvent(&told[0]))
		}
		e := f.event(n, k)
		if k.order > last+1 && !bulk {
			events, bulk = append(events, f.bulk(numbers, e.At)...), true
		}
		events, last = append(events, e), k.order
	}
	if f.order > last && !bulk && len(numbers) > 0 {
		events = append(events, f.bulk(numbers, time.Duration(f.last-f.first))...)
	}
	for i := range told {
		events = append(events, f.icmpEvent(&told[i]))
	}
	return events
}

// numbers returns the numbers of the segments that were kept, in their order.
func (f *Flow) numbers() []int32 {
	var all []int32
	all = append(all, f.head[:f.heads]...)
	all = append(all, f.after[:f.afters]...)
	for i := range f.sides {
		all = append(all, f.tail[i][:min(f.sides[i].kept, tailKept)]...)
	}
	p := &f.tracker.pool
	slices.SortFunc(all, func(a, b int32) int { return cmp.Compare(p.at(a).order, p.at(b).order) })
	return all
}

// event returns a segment that was kept.
func (f *Flow) event(number int32, k *kept) evidence.Event {
	from := k.from &^ leaving
	packet := f.tracker.pool.packet(number)
	if f.sides[from].is(based) {
		packet.Seq -= f.sides[from].base
	} else { // it sent nothing but RSTs, and nobody has acknowledged anything
		packet.Seq = 0
	}
	if packet.Has("ACK") {
		packet.Ack -= f.sides[1-from].base
	}
	packet.To = f.name(1 - from)
	return evidence.Event{At: time.Duration(k.at - f.first), Host: f.name(from), Packet: &packet}
}

// name returns what a side is called.
func (f *Flow) name(side uint8) string {
	if side == f.client {
		return Client
	}
	return Server
}

// bulk returns the sums of what was not kept, for each side that has some.
func (f *Flow) bulk(numbers []int32, at time.Duration) []evidence.Event {
	var kept [2]evidence.Bulk
	for _, n := range numbers {
		k := f.tracker.pool.at(n)
		of := &kept[k.from&^leaving]
		of.Segments++
		if k.payload > 0 {
			of.Data++
			of.Bytes += int64(k.payload)
		}
	}
	var events []evidence.Event
	for i := range f.sums {
		sums := f.sums[i].sums()
		passed := evidence.Bulk{To: f.name(uint8(1 - i)), Segments: int64(sums.Segments) - kept[i].Segments,
			Data: int64(sums.Data) - kept[i].Data, Bytes: max(0, int64(sums.Bytes)-kept[i].Bytes)}
		if passed.Segments > 0 {
			events = append(events, evidence.Event{At: at, Host: f.name(uint8(i)), Bulk: &passed})
		}
	}
	return events
}
