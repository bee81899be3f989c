package flows

import (
	"net/netip"
	"time"
)

const (
	headKept  = 8 // segments of the beginning
	tailKept  = 8 // the last segments of each side before the first RST
	afterKept = 8 // the first RST and what follows it
	marksKept = 4 // by which a segment that comes once more is known
)

// A Flow is one connection, as far as a capture shows it. It is valid only
// during the call that hands it over.
type Flow struct {
	// Guessed says that no SYN was captured: which end is the client is guessed
	// by the port numbers.
	Guessed bool
	// Reused says that a connection between the same ends came before it.
	Reused bool
	// Repeated counts the segments that were left out because they had been
	// captured already.
	Repeated uint32

	tracker *Tracker
	pair    pair
	hash    uint32 // of pair
	client  uint8  // its side
	settled bool   // the client is known by a SYN
	sides   [2]side
	head    [headKept]int32
	after   [afterKept]int32
	kept    [2]uint8 // how many are in head and after
	order   uint32   // how many segments there were
	rsts    uint32
	first   int64 // the times of the first and the last segment, and of the first RST
	last    int64
	reset   int64
	moved   int64  // when it was last moved to the end of its list
	at      int32  // its number
	before  int32  // neighbours in its list
	behind  int32  // likewise
	list    uint8  // in which of the tracker's lists it is
	forced  bool   // it was ended for want of room
	reused  bool   // a later connection took its ports
	lost    uint32 // acknowledgements of what was never captured
	quiet   int64  // the silence, in nanoseconds, that broke last and to which the other side has not said anything since
	breaker uint8  // the side that broke it
	bore    int64  // the longest silence that was broken and answered
	silence int64  // quiet, at the first RST
	alone   bool   // the first RST broke it
	resetBy uint8  // the side that sent the first RST, or in whose name it came
}

// A side is one end of a connection, in two lines of a processor's cache.
type side struct {
	base   uint32 // relative numbers count from it
	next   uint32 // the number behind the last that it sent
	ack    uint32 // the last that it acknowledged
	again  uint32 // how often it has sent what it sent last
	last   int64  // when it sent last
	fresh  int64  // when it sent that for the first time
	marks  [marksKept]uint32
	seen   [marksKept]uint32 // when, in microseconds since the first segment; they wrap
	points [marksKept]uint8  // and at which point
	flags  uint8
	kept   uint8 // how many segments are in tail
	sums   counted
	tail   [tailKept]int32
}

// A counted is [Sums] in little room. Four thousand million segments of one
// connection are counted, and no more.
type counted struct {
	bytes                 uint64
	segments, data, again uint32
}

func (c *counted) sums() Sums {
	return Sums{Segments: uint64(c.segments), Data: uint64(c.data), Bytes: c.bytes, Again: uint64(c.again)}
}

// The flags of a side.
const (
	based   = 1 << iota // base is known
	began               // its SYN was captured
	spoke               // next is known
	heard               // ack is known
	closing             // its FIN was captured
)

func (s *side) is(flag uint8) bool { return s.flags&flag != 0 }

// Sums are what one end has sent.
type Sums struct {
	Segments uint64
	Data     uint64 // segments with payload
	Bytes    uint64 // of payload, each byte once
	Again    uint64 // segments whose bytes, SYN or FIN had been sent before
}

// Client returns the end that connected, or is thought to. A host that a printed
// trace names has the name as the zone of its address: see package printed.
func (f *Flow) Client() netip.AddrPort { return f.tracker.names.end(&f.pair, f.client) }

// Server returns the other end.
func (f *Flow) Server() netip.AddrPort { return f.tracker.names.end(&f.pair, 1-f.client) }

// Sent returns what the client and the server have sent.
func (f *Flow) Sent() (client, server Sums) {
	return f.sides[f.client].sums.sums(), f.sides[1-f.client].sums.sums()
}

// First returns when the first segment was captured.
func (f *Flow) First() time.Time { return time.Unix(0, f.first) }

// Last returns when the last segment was captured.
func (f *Flow) Last() time.Time { return time.Unix(0, f.last) }

// Resets returns how many RSTs there were, and when the first was captured.
func (f *Flow) Resets() (count int, first time.Time) { return int(f.rsts), time.Unix(0, f.reset) }

// Lost counts the acknowledgements of bytes that the capture has not: segments
// are missing from it.
func (f *Flow) Lost() int { return int(f.lost) }

// OneWay says that the segments of only one side were captured.
func (f *Flow) OneWay() bool { return f.sides[0].sums.segments == 0 || f.sides[1].sums.segments == 0 }

// Silence returns how long nobody had said anything before the first RST, or
// before the segments that it answers; 0 if that was less than a second. alone
// says that the RST itself broke the silence.
func (f *Flow) Silence() (d time.Duration, alone bool) {
	return time.Duration(f.silence), f.alone
}

// Bore returns the longest silence of a second and more that the connection
// survived: the other side answered what broke it.
func (f *Flow) Bore() time.Duration { return time.Duration(f.bore) }

// Finished says which ends have sent a FIN.
func (f *Flow) Finished() (client, server bool) {
	return f.sides[f.client].is(closing), f.sides[1-f.client].is(closing)
}

// Unheard returns how often an end has sent its last bytes, SYN or FIN again
// without having heard anything of the other since; 0 if it has.
func (f *Flow) Unheard() int {
	for i := range f.sides {
		if side, other := &f.sides[i], &f.sides[1-i]; side.again > 0 && other.last < side.fresh {
			return int(side.again)
		}
	}
	return 0
}

// Forced says that the connection was handed over early, for want of room.
func (f *Flow) Forced() bool { return f.forced }

// Replaced says that a later connection took the ports of this one.
func (f *Flow) Replaced() bool { return f.reused }

// Numbers returns the sequence numbers with which the client and the server
// began, as they were on the wire. known says whether both are known by what the
// ends have sent or acknowledged.
func (f *Flow) Numbers() (client, server uint32, known bool) {
	c, s := &f.sides[f.client], &f.sides[1-f.client]
	return c.base, s.base, c.is(based) && s.is(based)
}

// ResetBy returns the name of the end that sent the first RST, or in whose name
// it came.
func (f *Flow) ResetBy() string { return f.name(f.resetBy) }
