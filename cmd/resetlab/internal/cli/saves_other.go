//go:build !linux

package cli

import (
	"context"
	"io"
)

// saves tells of files that are saved, on Linux.
type saves struct{ io.Closer }

// openSaves says that it is of no use where no script can be run.
func openSaves([]string) (*saves, error) {
	return nil, badInputf("--watch-file: scripts run on Linux only")
}

// next is never called: there are no saves.
func (*saves) next(context.Context) (string, error) { return "", nil }
