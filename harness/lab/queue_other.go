//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
)

func acceptQueue(*net.TCPListener) (Queue, error) {
	return Queue{}, fmt.Errorf("ask for the accept queue: %w", errors.ErrUnsupported)
}

func listenAgain(*net.TCPListener, int) error {
	return fmt.Errorf("change the backlog: %w", errors.ErrUnsupported)
}
