package lab

import "github.com/resetlab/resetlab/harness/tcp"

// Info is what the kernel says of a socket (tcp(7), TCP_INFO).
type Info struct {
	// State is the connection's state in the kernel's words, such as
	// ESTABLISHED; CLOSE is CLOSED of RFC 9293, section 3.3.2.
	State tcp.State
	// DataSegmentsIn is how many segments with data have come.
	DataSegmentsIn int
	// SegmentsIn is how many segments have come, those without data included.
	SegmentsIn int
	// Retransmitted is how many segments were sent once more, SYNs included.
	Retransmitted int
}

// Info asks the kernel about the socket. It takes nothing from it and is not
// remembered as a call. Linux only; errors.ErrUnsupported elsewhere.
func (c *Conn) Info() (Info, error) {
	if c.tcp == nil {
		return Info{}, c.failed
	}
	return tcpInfo(c.tcp)
}
