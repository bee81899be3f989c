package origins

import (
	"errors"
	"net"
	"time"
)

// acceptAll serves the connections that come until the listener is closed.
// Where the system has no descriptor for one, the next attempt waits for a
// while: nothing tells when there is one.
func acceptAll(listener net.Listener, serve func(net.Conn)) {
	const pause = 10 * time.Millisecond
	for {
		conn, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			<-time.After(pause)
		default:
			serve(conn)
		}
	}
}
