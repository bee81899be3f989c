//go:build !linux

package watch

import "errors"

// Drop is there on Linux alone.
func (w *Watcher) Drop() error { return errors.New("privileges are dropped on Linux alone") }

// Kept is there on Linux alone.
func (w *Watcher) Kept() string { return w.kept }
