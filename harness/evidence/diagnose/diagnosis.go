package diagnose

import (
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A Diagnosis says what the wire alone tells of one RST, or of the end of a
// connection that had none.
type Diagnosis struct {
	// Verdict is in the form of those of recordings. Its Causes begin with the
	// most probable one; Host is the end that sent the RST, "" unless it was one.
	// Without a RST Event, At and Cause are -1.
	Verdict
	End End // how the connection ended
	// Names is the end that the RST names as its sender, Part where it comes from:
	// PartUnknown unless that is at least Likely. Act is what made that part send
	// it.
	Names Part
	Part  Part
	Act   Act
	// Picture is what was seen, the name of one of [Pictures].
	Picture string
	// Sure is how sure Part and Act are, SureOfCause how sure the first of
	// Causes is. Where that is Undecided, any of Causes may be it.
	Sure        Sureness
	SureOfCause Sureness
	Harm        Harm
	// Initiator and Responder are the two ends: the client and the server of the
	// connection's Flow.
	Initiator, Responder EndView
	// Lacks are what the capture does not show of the connection, so that nothing
	// follows from it.
	Lacks []Lack
	// Marks are the features of the RST that patterns over many connections are
	// made of. The zero value: there was no RST.
	Marks Marks
}

// An End is how a connection ended on the wire.
type End string

// The ends of connections.
const (
	EndReset       End = "reset"       // a RST, whoever sent it
	EndFinished    End = "finished"    // a FIN each way, both acknowledged as far as the capture goes
	EndHalfClosed  End = "half-closed" // a FIN one way; the other may go on
	EndOpen        End = "open"        // still open when the capture ended
	EndTimedOut    End = "timed-out"   // an end sent again and again, and was not answered any more
	EndUnreachable End = "unreachable" // ICMP said that there is no way: see [evidence.ICMP]
	EndUnanswered  End = "unanswered"  // a SYN that nothing answered
)

// A Part is where a RST comes from.
type Part string

// The parts that can send a RST.
const (
	PartInitiator Part = "initiator" // the end that opened the connection
	PartResponder Part = "responder" // the end that accepted it
	PartBetween   Part = "between"   // neither end: a device on the way
	PartUnknown   Part = "unknown"   // the wire does not tell
)

// An Act is what made a part send a RST.
type Act string

// The acts. Without a RST, or where the wire does not tell, there is none.
const (
	ActAbort    Act = "abort"    // an application ended the connection without a FIN, or with bytes unread
	ActUnread   Act = "unread"   // an application closed with bytes unread, for certain
	ActForgot   Act = "forgot"   // a kernel answered a segment of a connection that it does not have
	ActFinished Act = "finished" // an end that had sent its FIN got what it does not want any more
	ActRefused  Act = "refused"  // nobody listens there, or a firewall says so
	ActTimer    Act = "timer"    // keepalive gave up
	ActReject   Act = "reject"   // a firewall rejected a segment in the name of an end
	ActInject   Act = "inject"   // somebody who watches the segments forged it
	ActStray    Act = "stray"    // a handshake got a segment that does not belong to it
)

// Sureness is how sure something is.
type Sureness string

// The three levels of sureness.
const (
	Certain   Sureness = "certain"   // nothing that is known to send segments makes this picture otherwise
	Likely    Sureness = "likely"    // other things could, and are rarer or odder
	Undecided Sureness = "undecided" // it cannot be told from the others that are named
)

// HarmLevel says whether data was lost.
type HarmLevel string

// The levels of harm.
const (
	Harmless     HarmLevel = "none"     // nothing was under way that anybody waited for
	HarmPossible HarmLevel = "possible" // something may be lost: see Unread
	HarmCertain  HarmLevel = "certain"  // bytes were sent and never acknowledged, that somebody may miss
	HarmUnknown  HarmLevel = "unknown"  // the capture does not show enough
)

// Harm says what a connection lost by its end.
type Harm struct {
	Level HarmLevel
	Why   string // in a phrase
	// Unacked counts, by sender, the bytes on the wire that were never
	// acknowledged; Unread those that were and that perhaps nobody read. Where
	// that cannot be known it is 0, and Level tells.
	Unacked, Unread Bytes
}

// Bytes are counted by who sent them.
type Bytes struct {
	Initiator, Responder int64
}

// An EndView is what the wire tells of one end.
type EndView struct {
	Host  string // its lifeline
	Stack Stack
	Saw   Saw
}

// A Stack is a guess at the TCP of an end.
type Stack struct {
	System System
	Sure   Sureness
	Clue   string // what decided it
}

// A System is a family of TCP stacks whose RSTs look alike.
type System string

// The systems.
const (
	Linux         System = "Linux" // Android as well
	Windows       System = "Windows"
	BSD           System = "BSD or macOS" // iOS as well
	LWIP          System = "lwIP or a like small stack"
	RawSocket     System = "raw socket" // a scanner, whose own kernel knows nothing of it
	UnknownSystem System = "unknown"
)

// Saw is what the program at an end met, as far as that follows from the wire.
// An empty ending: nothing is known. [tcp.Open] says that it met nothing.
type Saw struct {
	Read, Write tcp.Ending // what its next read and its next write got; a connect stands under Read
	Sure        Sureness
	Why         string
}

// A Lack is what a capture does not show of a connection, in a phrase.
type Lack string

// What captures lack.
const (
	LacksBegin     Lack = "it begins in the middle of the connection"
	LacksInitiator Lack = "it has no segment of the initiator"
	LacksResponder Lack = "it has no segment of the responder"
	LacksSegments  Lack = "it has lost segments: data that it does not have was acknowledged"
	LacksTail      Lack = "its end comes before that of the connection"
	LacksOptions   Lack = "it does not show the options of TCP"
	LacksHeader    Lack = "it does not show TTL, IP id or window"
	LacksNumbers   Lack = "it does not show the sequence numbers as they were"
)

// Marks are the features of a RST.
type Marks struct {
	TTL, UsualTTL int           // of the RST, and of the other segments in its sender's name; 0: unknown
	Quiet         time.Duration // since the segment before it that was not part of the same exchange
	Segments      int           // with data, both ways, before it
	Answers       string        // the segment that it answers, in words; "" if it answers none
	Answered      time.Duration // how long after that segment it came
}
