package capture

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

// Sweep removes the trace instances of recording processes that were killed:
// the kernel keeps them, and what is in them, until somebody does. It returns
// the names of those that it has removed; [Open] sweeps, too. The error says
// what could not be removed, or that this process may not look, which only the
// machine's root may. Elsewhere than on Linux there are none.
func Sweep() (removed []string, err error) {
	path, root, err := tracefs()
	if err != nil {
		return nil, fmt.Errorf("reach tracefs: %w", err)
	}
	if root != nil {
		defer root.Close()
	}
	return sweep(filepath.Join(path, "instances"))
}

// sweep removes the trace instances of processes that are gone. One that is
// being read cannot be removed (EBUSY), whoever reads it.
func sweep(instances string) (removed []string, err error) {
	entries, err := os.ReadDir(instances)
	if err != nil {
		return nil, fmt.Errorf("look for trace instances left behind: %w", errors.Unwrap(err))
	}
	var errs []error
	for _, entry := range entries {
		if !leftBehind(entry.Name()) {
			continue
		}
		err := os.Remove(filepath.Join(instances, entry.Name()))
		switch {
		case err == nil:
			removed = append(removed, entry.Name())
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV): // another process sweeps too
		case errors.Is(err, syscall.EBUSY):
		default:
			errs = append(errs, fmt.Errorf("remove the trace instance %s, left behind: %w", entry.Name(), errors.Unwrap(err)))
		}
	}
	return removed, errors.Join(errs...)
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
	now, err := status(pid)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	ended := now[0] == "Z" || now[0] == "X" // its parent has not asked how, and may never do so
	since, err := startOf(now)
	return ended || err == nil && since != started
}

// startTime returns when a process started, in clock ticks since the machine
// did (proc_pid_stat(5), field 22).
func startTime(pid int) (uint64, error) {
	fields, err := status(pid)
	if err != nil {
		return 0, err
	}
	return startOf(fields)
}

func startOf(fields []string) (uint64, error) { return strconv.ParseUint(fields[22-3], 10, 64) }
