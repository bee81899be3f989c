//go:build !linux

package netlab

import "fmt"

// A Network is a set of hosts and links that nobody else sees. Linux only.
type Network struct{}

// New returns an error that wraps ErrUnavailable.
func New() (*Network, error) {
	return nil, fmt.Errorf("network namespaces: %w: Linux only", ErrUnavailable)
}
