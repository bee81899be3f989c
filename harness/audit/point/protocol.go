package point

import "github.com/resetlab/resetlab/harness"

// A Protocol knows the phases of a stream well enough to name the moments at
// which a fault can strike.
type Protocol interface {
	// Name is what reports call it, such as "http/1.1".
	Name() string
	// Places lists the places that its watchers name, in the order of a
	// conversation.
	Places() []Place
	// Watch begins to watch a connection.
	Watch() Watcher
}

// A Place is where in a conversation a fault strikes. Its points P0 to P15 are
// those of every protocol:
//
//	P0  connecting                       P8  in the head of the reply
//	P1  accepted, nothing exchanged      P9  between its head and its body
//	P2  in the TLS handshake             P10 in its body
//	P3  in the greeting                  P11 behind the complete reply
//	P4  idle in the client's pool        P12 between two replies
//	P5  in the request                   P13 at a commit
//	P6  request there, not executed      P14 half-closed
//	P7  executed, before the reply       P15 no reply expected
type Place struct {
	// ID is the point, with a word behind a dot where a protocol has several
	// places there: P7, P10.chunk.
	ID string
	// Says is one sentence for readers: what has happened so far.
	Says string
	// Shape is the shape that the reply must have for there to be such a
	// place, in the words of the protocol's origins; empty is their usual one.
	Shape string
	// Primed places are on a connection that has carried a request before.
	Primed bool
	// Idle places are struck by the clock, between two requests, and never
	// named by a Watcher.
	Idle bool
	// Race says that by nature the outcome is not the same every time.
	Race bool
	// Unframed says that a FIN here looks just like the end of a complete
	// reply, by the rules of the protocol.
	Unframed bool
	// Unanswered says that no reply comes to a request: the client may return
	// before it has arrived.
	Unanswered bool
	// Fits lists the faults that can strike here. Empty means RST, Unread, FIN,
	// FINRST, Stall and StallRST, those of [Fault.Harmless] in a reply, and behind a
	// complete one (P11) HalfClose, which needs a place toward the client. Unread needs
	// one at which the client has sent something.
	Fits []Fault
	// Adds lists faults that can strike here besides, and do by default: those
	// that insert something; see Moment.Insert.
	Adds []Fault
	// Operations lists those that have such a place: not every request has a
	// body. Empty means all.
	Operations []Operation
}

// A Watcher follows one connection. Its calls are never concurrent.
type Watcher interface {
	// See is called with the next bytes toward an end before they are passed
	// on, and must not keep them. It returns the moments that lie in them, in
	// order.
	See(toward harness.End, b []byte) []Moment
	// Request returns what has been seen of a request: what a fault that
	// looks for a certain request looks into. It may be nil.
	Request(exchange int) []byte
}

// A Moment is a place met in a stream.
type Moment struct {
	Place string // the ID of a Place
	At    int    // how many of the bytes just seen come before it; at most all of them
	// Exchange is the request it belongs to, counted from 1 on each
	// connection; 0 is none of them (a greeting, a handshake). A protocol
	// without requests has the one exchange 1. A moment without a Place tells
	// that a request begins, or that enough of it has come to know it.
	Exchange int
	// Insert, if not nil, returns what the client gets before the ending where
	// a fault of Place.Adds strikes here, such as a frame.
	Insert func(Fault) string
}

// A Multiplexed protocol carries several exchanges at once on one connection,
// each in a stream, of which one can end and leave the others alone, as those
// of HTTP/2 can (RFC 9113, section 5.1). Only such a protocol has the fault
// RSTStream, at the places that list it, which must be right before a message
// of the exchange that is to end.
type Multiplexed interface {
	Protocol
	// Streams begins to follow the streams of a connection.
	Streams() Streams
}

// Streams passes on what the two ends of a connection say, a whole message at a
// time, and ends streams between two of them. Its calls are never concurrent.
type Streams interface {
	// Pass takes the next bytes toward an end and returns what each end gets,
	// which is valid until the next call. strikes is told each message once it
	// is complete, before it passes, and whether its stream has been ended: then
	// it does not pass. If strikes says so, the message's stream ends: the
	// message and all that follow it in the stream, in both directions, do not
	// pass, both ends learn that it has ended, and nothing else changes.
	Pass(toward harness.End, b []byte, strikes func(message []byte, ended bool) bool) (toServer, toClient []byte)
	// Rest returns what has come toward an end of a message that is not
	// complete, for a connection that ends there.
	Rest(toward harness.End) []byte
}
