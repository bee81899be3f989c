package harness

import "github.com/resetlab/resetlab/harness/tcp"

// An Ending says how a TCP connection ended as one of its ends saw it. In a
// [Cut] an Ending is what an end is made to see.
type Ending = tcp.Ending

// The endings. What is behind each stands in the table of [tcp.EndingOf].
const (
	Open        = tcp.Open        // it has not ended
	Finished    = tcp.Finished    // the peer's FIN: end of stream
	Reset       = tcp.Reset       // the peer's RST, or one in its name
	BrokenPipe  = tcp.BrokenPipe  // a write to a connection known to be over
	Refused     = tcp.Refused     // nobody listens there
	TimedOut    = tcp.TimedOut    // the kernel gave up on the peer
	GaveUp      = tcp.GaveUp      // our own deadline or cancellation
	Aborted     = tcp.Aborted     // ended locally, by another hand than ours
	Unreachable = tcp.Unreachable // the network said that there is no way
	Closed      = tcp.Closed      // closed by ourselves
	Other       = tcp.Other       // an error that does not end a TCP connection
)

// EndingOf classifies the error of a call on a connection, by identity and
// never by text: see [tcp.EndingOf].
func EndingOf(err error) Ending { return tcp.EndingOf(err) }
