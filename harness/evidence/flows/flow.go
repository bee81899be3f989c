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
	state
}

// A state is what is known of a connection. Hardly any of thousands is in a
// processor's cache when its next segment comes, so that a segment costs what it
// needs of the cache's lines, which are of 64 bytes: the first, those of the two
// sides, that of the sums, and that of head or those of tail. A state has no
// pointers, so that a garbage collector passes over it.
type state struct {
	pair   pair
	first  int64 // when the first segment came
	last   int64 // and the last
	order  uint32
	flags  uint8
	list   uint8 // in which of the tracker's lists it is
	client uint8 // its side
	heads  uint8 // how many segments are in head

	sides [2]side

	sums  [2]counted
	moved int64  // when it was last moved to the end of its list
	at    int32  // its number
	lost  uint32 // acknowledgements of what was never captured

	head     [headKept]int32
	after    [afterKept]int32
	tail     [2][tailKept]int32 // of each side
	afters   uint8              // how many segments are in after
	breaker  uint8              // the side that broke the silence
	resetBy  uint8              // the side that sent the first RST, or in whose name it came
	rsts     uint32
	repeated uint32
	quiet    int64 // the silence, in nanoseconds, that broke last and to which the other side has not said anything since
	bore     int64 // the longest silence that was broken and answered
	reset    int64 // when the first RST came
	silence  int64 // quiet, at the first RST

	_ [16]byte // the next state begins with a line
}

// The flags of a state.
const (
	clientKnown  = 1 << iota // by a SYN
	wasReset                 // there was a RST
	quietBroken              // quiet is not 0
	resetAlone               // the first RST broke the silence
	portsReused              // a connection between the same ends came before it
	portsTaken               // a later connection took its ports
	endedForRoom             // it was handed over early
	handedOver               // and its room may be used again
)

func (f *state) is(flag uint8) bool { return f.flags&flag != 0 }

// A side is one end of a connection.
type side struct {
	base  uint32 // relative numbers count from it
	next  uint32 // the number behind the last that it sent
	ack   uint32 // the last that it acknowledged
	again uint16 // how often it has sent what it sent last
	flags uint8
	kept  uint8 // how many segments are in tail
	last  int64 // when it sent last
	fresh int64 // when it sent that for the first time
	marks [marksKept]uint32
	seen  [marksKept]uint32 // when, in microseconds since the first segment; they wrap
}

// A counted is [Sums] in little room. Four thousand million segments of one
// connection are counted, and no more.
type counted struct {
	bytes                 uint64
	segments, data, again uint32
	points                [marksKept]uint8 // at which points the side's marks were seen: there is room for it
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
	return f.sums[f.client].sums(), f.sums[1-f.client].sums()
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
func (f *Flow) OneWay() bool { return f.sums[0].segments == 0 || f.sums[1].segments == 0 }

// Silence returns how long nobody had said anything before the first RST, or
// before the segments that it answers; 0 if that was less than a second. alone
// says that the RST itself broke the silence.
func (f *Flow) Silence() (d time.Duration, alone bool) {
	return time.Duration(f.silence), f.is(resetAlone)
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
func (f *Flow) Forced() bool { return f.is(endedForRoom) }

// Replaced says that a later connection took the ports of this one.
func (f *Flow) Replaced() bool { return f.is(portsTaken) }

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
