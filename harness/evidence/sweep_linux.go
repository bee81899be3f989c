package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// instancePrefix begins the names of our trace instances:
// resetlab-PID-STARTED or, from the second of a process on, …-N.
const instancePrefix = "resetlab-"

// makeInstance makes a trace instance named after this process, so that
// whoever comes later can tell whether it is still in use.
func makeInstance(instances string) (string, error) {
	started, err := startTime(os.Getpid())
	if err != nil {
		return "", err
	}
	base := filepath.Join(instances, fmt.Sprintf("%s%d-%d", instancePrefix, os.Getpid(), started))
	for path, n := base, 2; ; n++ {
		err := os.Mkdir(path, 0o700)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("make a trace instance: %w", errors.Unwrap(err))
		}
		path = fmt.Sprintf("%s-%d", base, n)
	}
}

// sweep removes the trace instances of processes that are gone: a trace
// instance outlives a process that is killed. One that is being read cannot be
// removed (EBUSY), whoever reads it.
func sweep(instances string) error {
	entries, err := os.ReadDir(instances)
	if err != nil {
		return fmt.Errorf("look for trace instances left behind: %w", errors.Unwrap(err))
	}
	for _, entry := range entries {
		if !leftBehind(entry.Name()) {
			continue
		}
		err := os.Remove(filepath.Join(instances, entry.Name()))
		gone := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) // another process sweeps too
		if err != nil && !gone && !errors.Is(err, syscall.EBUSY) {
			return fmt.Errorf("remove a trace instance left behind: %w", errors.Unwrap(err))
		}
	}
	return nil
}

// leftBehind says whether a trace instance is one of ours whose process is
// gone, or has made room for another of the same number.
func leftBehind(name string) bool {
	rest, ours := strings.CutPrefix(name, instancePrefix)
	fields := strings.Split(rest, "-")
	if !ours || len(fields) < 2 {
		return false
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil || pid <= 0 {
		return false
	}
	started, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return false
	}
	now, err := startTime(pid)
	return errors.Is(err, fs.ErrNotExist) || err == nil && now != started
}

// startTime returns when a process started, in clock ticks since the machine
// did (proc_pid_stat(5), field 22).
func startTime(pid int) (uint64, error) {
	fields, err := status(pid)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(fields[22-3], 10, 64)
}
