//go:build !linux

package socket

import "net"

// unsent cannot be asked portably: a RST then goes out at once, and may
// overtake bytes that the end has no room for yet.
func unsent(*net.TCPConn) (left int64, taking bool) { return 0, false }

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
