package flows_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/flows"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// A crowd is connections whose segments come mixed. The lengths of a connection's
// packets tell which one it is and the how manyth of it a packet is.
type crowd struct {
	tracker *flows.Tracker
	rnd     *rand.Rand
	at      time.Time
	sent    map[netip.AddrPort]int // by client
	handed  map[netip.AddrPort]bool
	times   int // that a connection was handed over
	wrong   []string
}

func newCrowd(limits flows.Limits) *crowd {
	c := &crowd{rnd: rand.New(rand.NewPCG(1, 2)), at: time.Unix(1_700_000_000, 0),
		sent: map[netip.AddrPort]int{}, handed: map[netip.AddrPort]bool{}}
	c.tracker = flows.New(limits, c.check)
	return c
}

// client returns the address of a connection's client.
func client(number int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}), 40000)
}

// length is that of a connection's packet. There are fewer than 2000 connections.
func length(number, nth int) int { return 60 + number*32 + nth }

// send sends the next segment of a connection, printed or as a file has it.
func (c *crowd) send(number int, flags byte, printed bool) {
	from, to := client(number), netip.MustParseAddrPort("192.0.2.1:80")
	nth := c.sent[from]
	c.sent[from]++
	raw := packets.RawSegment{At: c.at, Length: length(number, nth), TCP: 20, Data: make([]byte, 40)}
	raw.Data[0], raw.Data[8], raw.Data[9], raw.Data[5] = 0x45, 64, 6, byte(nth+1)
	source, destination := from.Addr().As4(), to.Addr().As4()
	copy(raw.Data[12:], source[:])
	copy(raw.Data[16:], destination[:])
	tcp := raw.Data[20:]
	tcp[0], tcp[1], tcp[3], tcp[7], tcp[12], tcp[13] = 40000>>8, 40000&0xff, 80, byte(nth), 5<<4, flags
	c.at = c.at.Add(time.Millisecond)
	if !printed {
		c.tracker.AddRaw(&raw)
		return
	}
	var decoder packets.Decoder
	segment := decoder.Decode(&raw)
	c.tracker.Add(&segment)
}

// run has connections, so many at a time, send up to 31 segments each, of which
// the last is a RST.
func (c *crowd) run(connections, atOnce int) {
	var open []int
	for begun := 0; begun < connections || len(open) > 0; {
		for len(open) < atOnce && begun < connections {
			open = append(open, begun)
			c.send(begun, 2, begun%7 == 0) // SYN
			begun++
		}
		i := c.rnd.IntN(len(open))
		number := open[i]
		if c.sent[client(number)] < 30 && c.rnd.IntN(8) > 0 {
			c.send(number, 16, number%7 == 0) // ACK
			continue
		}
		c.send(number, 4, number%7 == 0) // RST
		open = slices.Delete(open, i, i+1)
	}
	c.tracker.Close()
}

// check looks whether what was kept of a connection is its own.
func (c *crowd) check(f *flows.Flow) {
	end := f.Client()
	a := end.Addr().As4()
	number, last := int(a[1])<<16|int(a[2])<<8|int(a[3]), -1
	c.handed[end], c.times = true, c.times+1
	for _, e := range f.Events() {
		if e.Packet == nil {
			continue
		}
		nth := e.Packet.Length - length(number, 0)
		if nth <= last || nth >= c.sent[end] {
			c.wrong = append(c.wrong, fmt.Sprintf("connection %d has a packet of %d bytes behind its %dth", number, e.Packet.Length, last))
		}
		last = nth
	}
	if c.sent[end] <= 8 && last != c.sent[end]-1 && !f.Forced() {
		c.wrong = append(c.wrong, fmt.Sprintf("of the %d segments of connection %d the last is missing", c.sent[end], number))
	}
}

// TestRoomOfSegments has connections of all lengths end in any order, with so
// little room that what one leaves is what the next one gets: nobody gets a
// segment of another, none is handed over twice, and no room is lost.
func TestRoomOfSegments(t *testing.T) {
	for _, test := range []struct {
		limits flows.Limits
		forced bool
	}{
		{flows.Limits{}, false},
		{flows.Limits{Over: 3, Segments: 1024}, false}, // there is room for all that are open, and no more
		{flows.Limits{Segments: 100}, true},
		{flows.Limits{Open: 7, Over: 3}, true},
	} {
		c := newCrowd(test.limits)
		c.run(1999, 20)
		switch {
		case len(c.wrong) > 0:
			t.Errorf("%+v: %d are wrong, as: %s", test.limits, len(c.wrong), c.wrong[0])
		case test.forced != (c.tracker.Forced > 0):
			t.Errorf("%+v: %d connections were ended for want of room", test.limits, c.tracker.Forced)
		case len(c.handed) != 1999 || !test.forced && c.times != 1999:
			t.Errorf("%+v: %d connections were handed over in %d times, want 1999, and each once unless it was forced",
				test.limits, len(c.handed), c.times)
		}
	}
}
