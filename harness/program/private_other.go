//go:build !linux

package program

import (
	"context"
	"errors"
	"fmt"
)

// WriteFile replaces a file of a program that has files of its own. It takes
// Linux.
func (p *Program) WriteFile(name, _ string) error {
	return fmt.Errorf("write %s of %s: %w", name, p.name, errors.ErrUnsupported)
}

// Pause stops the program itself. It takes Linux.
func (p *Program) Pause(context.Context) error {
	return fmt.Errorf("pause %s: %w", p.name, errors.ErrUnsupported)
}

// Resume lets the program run on that was paused. It takes Linux.
func (p *Program) Resume() error {
	return fmt.Errorf("resume %s: %w", p.name, errors.ErrUnsupported)
}
