package program

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// AwaitFile waits until a file is there, by inotify(7) on its directory, which
// must exist. A relative path is in the private directory. The error is as that
// of AwaitLine.
func (p *Program) AwaitFile(ctx context.Context, path string) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer events.Close()
	if _, err := unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		return fmt.Errorf("watch %s: %w", filepath.Dir(path), err)
	}
	ctx, stop := p.whileItCan(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Now()) })()
	buffer := make([]byte, 4<<10)
	for {
		if _, err := os.Lstat(path); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := events.Read(buffer); errors.Is(err, os.ErrDeadlineExceeded) {
			return p.notReady(ctx)
		} else if err != nil {
			return fmt.Errorf("watch %s: %w", filepath.Dir(path), err)
		}
	}
}
