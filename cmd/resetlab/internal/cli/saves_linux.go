package cli

import (
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
)

// saves tells of files that are saved (inotify(7)). Their directories are watched:
// many editors write another file and rename it.
type saves struct {
	*os.File
	directories map[int32]watched // by the number of the watch
}

// A watched is a directory, and which of its files are of interest.
type watched struct {
	path  string
	files map[string]bool
	all   bool // files with scripts, and new directories
}

// openSaves begins to watch files, and the files with scripts below directories.
func openSaves(paths []string) (*saves, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	s := &saves{os.NewFile(uintptr(fd), "inotify"), map[int32]watched{}}
	for _, path := range paths {
		if err := s.add(path); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *saves) add(path string) error {
	about, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !about.IsDir() {
		return s.watch(filepath.Dir(path), filepath.Base(path))
	}
	return filepath.WalkDir(path, func(below string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return s.watch(below, "")
	})
}

// watch watches a file of a directory; without a name all of it.
func (s *saves) watch(directory, name string) error {
	number, err := unix.InotifyAddWatch(int(s.Fd()), directory,
		unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_CREATE|unix.IN_ONLYDIR)
	if err != nil {
		return &os.PathError{Op: "inotify_add_watch", Path: directory, Err: err}
	}
	w, there := s.directories[int32(number)]
	if !there {
		w = watched{path: directory, files: map[string]bool{}}
	}
	if name == "" {
		w.all = true
	} else {
		w.files[name] = true
	}
	s.directories[int32(number)] = w
	return nil
}

// next waits until a file has been saved, and says what happened to which.
func (s *saves) next(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.SetReadDeadline(time.Now()) })
	defer stop()
	buffer := make([]byte, 64<<10)
	for {
		n, err := s.Read(buffer)
		if err != nil {
			return "", err
		}
		for events := buffer[:n]; len(events) >= unix.SizeofInotifyEvent; {
			length := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
			if told := s.told(events[:length]); told != "" {
				return told, nil
			}
			events = events[length:]
		}
	}
}

// told is what one event says; empty if it is of no interest.
func (s *saves) told(event []byte) string {
	mask := binary.NativeEndian.Uint32(event[4:])
	if mask&unix.IN_Q_OVERFLOW != 0 {
		return "more was saved than can be told"
	}
	name := strings.TrimRight(string(event[unix.SizeofInotifyEvent:]), "\x00")
	w := s.directories[int32(binary.NativeEndian.Uint32(event))]
	path := terminal.Line(filepath.Join(w.path, name))
	switch {
	case mask&unix.IN_ISDIR != 0 && w.all:
		return path + " is new"
	case mask&(unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO) == 0 || mask&unix.IN_ISDIR != 0:
		return "" // a file that was only created has nothing in it yet
	case w.files[name] || w.all && strings.HasSuffix(name, scriptSuffix):
		return path + " was saved"
	}
	return ""
}
