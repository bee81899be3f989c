package harness

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// An Ending says how a TCP connection ended as one of its ends saw it. It is
// a word that a report can print; [EndingOf] finds it in an error. In a [Cut]
// an Ending is what an end is made to see.
type Ending string

// The endings. What is behind each stands in the table of [EndingOf].
const (
	Open        Ending = "open"        // it has not ended
	Finished    Ending = "finished"    // the peer's FIN: end of stream
	Reset       Ending = "reset"       // the peer's RST, or one in its name
	BrokenPipe  Ending = "broken-pipe" // a write to a connection known to be over
	Refused     Ending = "refused"     // nobody listens there
	TimedOut    Ending = "timed-out"   // the kernel gave up on the peer
	GaveUp      Ending = "gave-up"     // our own deadline or cancellation
	Aborted     Ending = "aborted"     // ended locally, by another hand than ours
	Unreachable Ending = "unreachable" // the network said that there is no way
	Closed      Ending = "closed"      // closed by ourselves
	Other       Ending = "other"       // an error that does not end a TCP connection
)

// winsock are Windows Sockets' codes (winsock2.h). Go's syscall package gives
// them no portable name, and no other system has errnos that high.
func winsock(code syscall.Errno) (Ending, bool) {
	switch code {
	case 10054, 10052: // WSAECONNRESET, WSAENETRESET
		return Reset, true
	case 10053: // WSAECONNABORTED
		return Aborted, true
	case 10058: // WSAESHUTDOWN
		return BrokenPipe, true
	case 10061: // WSAECONNREFUSED
		return Refused, true
	case 10060: // WSAETIMEDOUT
		return TimedOut, true
	case 10050, 10051, 10064, 10065: // WSAENETDOWN, WSAENETUNREACH, WSAEHOSTDOWN, WSAEHOSTUNREACH
		return Unreachable, true
	}
	return "", false
}

// EndingOf classifies the error of a call on a connection, by identity and
// never by text, looking through every wrapper that errors.Is looks through:
//
//	nil                                                  Open
//	ECONNRESET, WSAECONNRESET, WSAENETRESET              Reset
//	EPIPE, WSAESHUTDOWN                                  BrokenPipe
//	ECONNREFUSED, WSAECONNREFUSED                        Refused
//	ECONNABORTED, WSAECONNABORTED                        Aborted
//	ETIMEDOUT, WSAETIMEDOUT                              TimedOut
//	EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, …    Unreachable
//	net.ErrClosed, io.ErrClosedPipe                      Closed
//	os.ErrDeadlineExceeded, a context's error            GaveUp
//	io.EOF, io.ErrUnexpectedEOF                          Finished
//	anything else                                        Other
//
// An error that wraps several of them is the first in this order: what the
// kernel said about the peer weighs more than what followed from it. The
// meanings of the errnos are those of errno(3) and of tcp(7).
func EndingOf(err error) Ending {
	if err == nil {
		return Open
	}
	for _, known := range []struct {
		target error
		ending Ending
	}{
		{syscall.ECONNRESET, Reset},
		{syscall.EPIPE, BrokenPipe},
		{syscall.ECONNREFUSED, Refused},
		{syscall.ECONNABORTED, Aborted},
		{syscall.ETIMEDOUT, TimedOut},
		{syscall.EHOSTUNREACH, Unreachable},
		{syscall.ENETUNREACH, Unreachable},
		{syscall.EHOSTDOWN, Unreachable},
		{syscall.ENETDOWN, Unreachable},
	} {
		if errors.Is(err, known.target) {
			return known.ending
		}
	}
	var code syscall.Errno
	if errors.As(err, &code) {
		if ending, ok := winsock(code); ok {
			return ending
		}
	}
	switch {
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return Closed
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled):
		return GaveUp
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Finished
	}
	return Other
}
