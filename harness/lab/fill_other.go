//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
)

func fill(*net.TCPConn) (int, error) {
	return 0, fmt.Errorf("fill: %w", errors.ErrUnsupported)
}
