//go:build !linux

package program

import (
	"errors"
	"fmt"
)

// WriteFile replaces a file of a program that has files of its own. It takes
// Linux.
func (p *Program) WriteFile(name, _ string) error {
	return fmt.Errorf("write %s of %s: %w", name, p.name, errors.ErrUnsupported)
}
