package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nobody is the user and the group that own nothing.
const nobody = 65534

// Drop gives up all privileges of this process, for good: it becomes nobody and
// has no capabilities. What is watched already goes on. The source tracefs needs
// them to the end, so that they stay. The error says why there are some left.
func (w *Watcher) Drop() error {
	if w.name != SourceEBPF {
		return fmt.Errorf("the source %s needs its privileges to the end", w.name)
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(nobody, nobody, nobody), syscall.Setresuid(nobody, nobody, nobody)); err != nil {
			return fmt.Errorf("become nobody: %w", err)
		}
	} else if err := dropCapabilities(); err != nil {
		return err
	}
	return verifyDropped()
}

// dropCapabilities takes those of all threads of who is not root.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0)
	if errno != 0 { // a program with cgo cannot
		return fmt.Errorf("give up capabilities: %w", errno)
	}
	return nil
}

// verifyDropped looks whether any thread has a capability left.
func verifyDropped() error {
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if (name == "CapEff" || name == "CapPrm") && strings.Trim(value, "\t0") != "" {
				return fmt.Errorf("a thread has still %s %s", name, strings.TrimSpace(value))
			}
		}
	}
	return nil
}
