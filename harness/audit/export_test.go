package audit

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"
)

// StartBridge starts a bridge.
func StartBridge(listener *net.TCPListener, upstream string, config *tls.Config, abrupt func(string) bool) io.Closer {
	return (&bridge{listener: listener, dial: dialPlain(upstream), config: config, abrupt: abrupt}).start()
}

// WatchRecords watches the records of a TLS connection.
func WatchRecords() Watcher { return &records{} }

// NewPulse makes a pulse.
func NewPulse() (now func() time.Duration, run func(context.Context)) {
	p := newPulse()
	return p.now, p.run
}
