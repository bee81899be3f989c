//go:build !linux

package program

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// AwaitFile waits until a file is there. A relative path is in the private
// directory. The error is as that of AwaitLine.
func (p *Program) AwaitFile(ctx context.Context, path string) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	ctx, stop := p.whileItCan(ctx)
	defer stop()
	for {
		if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select { // one way for all these systems
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return p.notReady(ctx)
		}
	}
}
