package lab

import "github.com/resetlab/resetlab/harness/tcp"

// The words of a lab are those of package tcp.
type (
	Op      = tcp.Op      // a call on a connection
	Call    = tcp.Call    // one call and its result
	Outcome = tcp.Outcome // what one end saw of one connection
)

// The calls that a Conn remembers: see [tcp.Op].
const (
	Connect      = tcp.Connect
	Accept       = tcp.Accept
	Read         = tcp.Read
	Write        = tcp.Write
	Shutdown     = tcp.Shutdown
	ShutdownRead = tcp.ShutdownRead
	CloseOp      = tcp.Close
	Abort        = tcp.Abort
	Disconnect   = tcp.Disconnect
	Poll         = tcp.Poll
	SocketErr    = tcp.SocketError
)
