//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
)

// A pollEvent is what to wait for.
type pollEvent int

const (
	pollReset pollEvent = iota
	pollResetAfterFinish
	pollFinish
	pollReadable
)

func awaitEvent(*net.TCPConn, pollEvent) error {
	return fmt.Errorf("await an event without taking it: %w", errors.ErrUnsupported)
}

func closesQuietly(*net.TCPConn) (read int64, quiet bool) { return 0, false }

func socketError(*net.TCPConn) error { return fmt.Errorf("take SO_ERROR: %w", errors.ErrUnsupported) }

func disconnect(*net.TCPConn) error {
	return fmt.Errorf("connect to AF_UNSPEC: %w", errors.ErrUnsupported)
}

func tcpInfo(*net.TCPConn) (Info, error) {
	return Info{}, fmt.Errorf("ask for TCP_INFO: %w", errors.ErrUnsupported)
}

func fill(*net.TCPConn) (int, error) {
	return 0, fmt.Errorf("fill: %w", errors.ErrUnsupported)
}
