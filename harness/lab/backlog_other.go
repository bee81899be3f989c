//go:build !linux

package lab

import (
	"context"
	"errors"
	"fmt"
)

// AwaitConnection waits until a connection can be accepted. Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) AwaitConnection(context.Context) error {
	return fmt.Errorf("await a connection at %s: %w", l.Addr(), errors.ErrUnsupported)
}
