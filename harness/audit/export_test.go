package audit

import (
	"crypto/tls"
	"io"
	"net"
)

// StartBridge starts a bridge.
func StartBridge(listener *net.TCPListener, upstream string, config *tls.Config, abrupt func(string) bool) io.Closer {
	return startBridge(listener, upstream, config, abrupt)
}

// WatchRecords watches the records of a TLS connection.
func WatchRecords() Watcher { return &records{} }
