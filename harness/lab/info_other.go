//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
)

func tcpInfo(*net.TCPConn) (Info, error) {
	return Info{}, fmt.Errorf("ask for TCP_INFO: %w", errors.ErrUnsupported)
}
