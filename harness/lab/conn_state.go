package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

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

// Fill writes zeros until bytes are stuck: the kernel takes no more, and part
// of what it took cannot be sent because the peer, which must not be reading,
// has no room. It counts as one write. It fails when the connection's context
// ends, or with the error that ended the connection. Linux only;
// errors.ErrUnsupported elsewhere.
func (c *Conn) Fill() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	n, err := fill(c.tcp)
	c.record.Remember(Write, start, n, err)
	return err
}

// addresses are the two of a connection, as one end has them.
type addresses struct{ local, remote netip.AddrPort }

// addrPort is the address of a TCP socket, which is an IPv4 one even where the
// net package has it as IPv6.
func addrPort(of net.Addr) netip.AddrPort {
	address := of.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}

// errPeerLeft is why a RST is awaited no longer.
var errPeerLeft = fmt.Errorf("the peer has closed, having read everything: no RST comes any more: %w", io.EOF)

// leave says that the peer has closed so that it sends its FIN and nothing more,
// unless more data comes. It had received so many bytes, and read them.
func (c *Conn) leave(read int64) {
	c.read = read
	close(c.left)
}

// untilPeerLeft returns a context that ends when the peer has left and nothing
// is on the way to it that would draw a RST. Call release in the end.
func (c *Conn) untilPeerLeft(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-c.left:
			if c.read == c.Outcome().Sent {
				cancel(errPeerLeft)
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}
