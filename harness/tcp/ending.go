package tcp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// An Ending says how a TCP connection ended as one of its ends saw it. It is
// a word that a report can print; [EndingOf] finds it in an error. The empty
// Ending says that nobody has looked.
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

// The codes of Windows Sockets (winsock2.h). Go's syscall package has no
// portable name for them, and no other system has errnos that high.
const (
	wsaNetDown     = syscall.Errno(10050)
	wsaNetUnreach  = syscall.Errno(10051)
	wsaNetReset    = syscall.Errno(10052)
	wsaConnAborted = syscall.Errno(10053)
	wsaConnReset   = syscall.Errno(10054)
	wsaShutdown    = syscall.Errno(10058)
	wsaTimedOut    = syscall.Errno(10060)
	wsaConnRefused = syscall.Errno(10061)
	wsaHostDown    = syscall.Errno(10064)
	wsaHostUnreach = syscall.Errno(10065)
)

// EndingOf classifies the error of a call on a connection, by identity and
// never by text, looking through every wrapper that errors.Is looks through:
//
//	nil                                                  Open
//	ECONNRESET, WSAECONNRESET, WSAENETRESET              Reset
//	EPIPE, WSAESHUTDOWN                                  BrokenPipe
//	ECONNREFUSED, WSAECONNREFUSED                        Refused
//	ECONNABORTED, WSAECONNABORTED                        Aborted
//	ETIMEDOUT, WSAETIMEDOUT                              TimedOut
//	EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, WSA… Unreachable
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
		ending Ending
		errnos []syscall.Errno
	}{
		{Reset, []syscall.Errno{syscall.ECONNRESET, wsaConnReset, wsaNetReset}},
		{BrokenPipe, []syscall.Errno{syscall.EPIPE, wsaShutdown}},
		{Refused, []syscall.Errno{syscall.ECONNREFUSED, wsaConnRefused}},
		{Aborted, []syscall.Errno{syscall.ECONNABORTED, wsaConnAborted}},
		{TimedOut, []syscall.Errno{syscall.ETIMEDOUT, wsaTimedOut}},
		{Unreachable, []syscall.Errno{
			syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN,
			wsaHostUnreach, wsaNetUnreach, wsaHostDown, wsaNetDown,
		}},
	} {
		for _, errno := range known.errnos {
			if errors.Is(err, errno) {
				return known.ending
			}
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
