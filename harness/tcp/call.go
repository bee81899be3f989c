package tcp

import (
	"fmt"
	"strings"
	"time"
)

// An Op is a call on a connection, by the name of what it asks of the kernel.
// The empty Op is no call.
type Op string

// The calls. Each is named in the words of POSIX, or of the Linux manual page
// in the comment behind it.
const (
	Connect      Op = "connect"
	Accept       Op = "accept"
	Read         Op = "read"
	Write        Op = "write"
	Shutdown     Op = "shutdown"    // shutdown(SHUT_WR)
	ShutdownRead Op = "shutdown_rd" // shutdown(SHUT_RD)
	Close        Op = "close"       // close
	Abort        Op = "abort"       // SO_LINGER {1, 0} and close (socket(7))
	Disconnect   Op = "disconnect"  // connect(AF_UNSPEC) (connect(2))
	Poll         Op = "poll"        // waiting for an event, taking nothing
	SocketError  Op = "so_error"    // getsockopt(SO_ERROR) (socket(7))
)

// Closes says whether the call gives the connection up.
func (op Op) Closes() bool { return op == Close || op == Abort }

// A Call is one call on a connection and its result.
type Call struct {
	Op       Op            `json:"op"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration"`        // nanoseconds
	Bytes    int           `json:"bytes,omitempty"` // read or written, also when it failed then
	Ending   Ending        `json:"ending"`          // Open when it succeeded
	// Error is the error's text; empty when it succeeded. A connect that goes on
	// behind the call (connect(2), EINPROGRESS) has that here, and is Open.
	Error string `json:"error,omitempty"`
	Err   error  `json:"-"`
}

// String describes the call in a phrase, such as "read: reset".
func (c Call) String() string {
	switch {
	case c.Ending != Open && c.Bytes > 0:
		return fmt.Sprintf("%s: %s, %s", c.Op, counted(c.Bytes, "byte"), c.Ending)
	case c.Ending != Open:
		return fmt.Sprintf("%s: %s", c.Op, c.Ending)
	case c.Op == Read || c.Op == Write:
		return fmt.Sprintf("%s: %s", c.Op, counted(c.Bytes, "byte"))
	}
	return string(c.Op) + ": ok"
}

// counted writes a number and what it counts.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// An Outcome is what one end saw of one connection. It is data: a connection
// that was reset is not an error of the lab.
type Outcome struct {
	Host   string `json:"host"`   // at which host
	Conn   int    `json:"conn"`   // the connection's number in the journal
	Local  string `json:"local"`  // the end's own address; empty if none was bound
	Remote string `json:"remote"` // the other end's address
	// Calls are the calls in order: the first 32, later ones only if they
	// failed, 64 in all. Elided counts those left out.
	Calls  []Call `json:"calls"`
	Elided int    `json:"elided,omitempty"`
	// Op and Ending are the first call that failed and how. While none has,
	// Ending is Open or, if this end closed the connection, Closed.
	Op     Op     `json:"op,omitempty"`
	Ending Ending `json:"ending"`
	Error  string `json:"error,omitempty"` // the text of that call's error
	Err    error  `json:"-"`               // that error; nil while none has failed

	Sent     int64     `json:"sent"`     // bytes that write took
	Received int64     `json:"received"` // bytes that read gave
	At       time.Time `json:"at"`       // when that call returned; zero while Open
}

// First says in a phrase how the connection ended for this end, such as
// "read: reset"; "open" while it has not.
func (o Outcome) First() string {
	if o.Op == "" {
		return string(o.Ending)
	}
	return fmt.Sprintf("%s: %s", o.Op, o.Ending)
}

// String tells the whole of it in a line.
func (o Outcome) String() string {
	var calls []string
	for _, call := range o.Calls {
		calls = append(calls, call.String())
	}
	if o.Elided > 0 {
		calls = append(calls, "("+counted(o.Elided, "call")+" more)")
	}
	return fmt.Sprintf("%s saw %s · sent %d, received %d · %s",
		o.Host, o.First(), o.Sent, o.Received, strings.Join(calls, " · "))
}
