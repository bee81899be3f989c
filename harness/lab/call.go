package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// The calls that a Conn remembers, by the name of what it asks of the kernel.
const (
	Connect      = "connect"
	Accept       = "accept"
	Read         = "read"
	Write        = "write"
	Shutdown     = "shutdown"    // shutdown(SHUT_WR)
	ShutdownRead = "shutdown_rd" // shutdown(SHUT_RD)
	CloseOp      = "close"       // close
	Abort        = "abort"       // SO_LINGER {1, 0} and close
	Disconnect   = "disconnect"  // connect(AF_UNSPEC)
	Poll         = "poll"        // waiting for an event, taking nothing
	SocketErr    = "so_error"    // getsockopt(SO_ERROR)
)

// A Call is one call on a connection and its result.
type Call struct {
	Op       string         `json:"op"`
	Start    time.Time      `json:"start"`
	Duration time.Duration  `json:"duration"`        // nanoseconds
	Bytes    int            `json:"bytes,omitempty"` // read or written, also when it failed then
	Ending   harness.Ending `json:"ending"`          // Open when it succeeded
	Error    string         `json:"error,omitempty"` // the error's text; empty when it succeeded
	Err      error          `json:"-"`
}

// String describes the call in a phrase, such as "read: reset".
func (c Call) String() string {
	switch {
	case c.Ending != harness.Open && c.Bytes > 0:
		return fmt.Sprintf("%s: %d bytes, %s", c.Op, c.Bytes, c.Ending)
	case c.Ending != harness.Open:
		return fmt.Sprintf("%s: %s", c.Op, c.Ending)
	case c.Op == Read || c.Op == Write:
		return fmt.Sprintf("%s: %d bytes", c.Op, c.Bytes)
	}
	return c.Op + ": ok"
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
	Op     string         `json:"op,omitempty"`
	Ending harness.Ending `json:"ending"`
	Error  string         `json:"error,omitempty"` // the text of that call's error
	Err    error          `json:"-"`               // that error; nil while none has failed

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
		calls = append(calls, fmt.Sprintf("(%d calls more)", o.Elided))
	}
	return fmt.Sprintf("%s saw %s · sent %d, received %d · %s",
		o.Host, o.First(), o.Sent, o.Received, strings.Join(calls, " · "))
}
