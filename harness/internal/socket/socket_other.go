//go:build !linux

package socket

import (
	"errors"
	"net"
	"syscall"
)

// unsent cannot be asked portably: a RST then goes out at once, and may
// overtake bytes that the end has no room for yet.
func unsent(*net.TCPConn) (left int64, taking bool) { return 0, false }

// ChooseLate changes nothing: the port is chosen with the address.
func ChooseLate(_, _ string, _ syscall.RawConn) error { return nil }

// HungUp cannot be told from a FIN portably once a write has taken the error.
func HungUp(*net.TCPConn) bool { return false }

// ShutBoth shuts one direction after the other: what the end sends in between
// may be taken without an answer.
func ShutBoth(conn *net.TCPConn) {
	conn.CloseRead()
	conn.CloseWrite()
}

// AwaitReset sees no RST: behind a FIN one is noticed at the next write.
func AwaitReset(*net.TCPConn) bool { return false }

// Lags says that this system has no [Lag].
const Lags = false

// A Lag is not to be had: closing with unread data does not everywhere send a RST.
type Lag struct{}

// NewLag returns errors.ErrUnsupported.
func NewLag(*net.TCPConn) (*Lag, error) { return nil, errors.ErrUnsupported }

// Read returns errors.ErrUnsupported.
func (*Lag) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// Stop returns false.
func (*Lag) Stop() (holds bool) { return false }

// Release does nothing.
func (*Lag) Release() {}
