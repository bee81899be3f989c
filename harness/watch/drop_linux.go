package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// nobody is the user and the group that own nothing.
const nobody = 65534

// capBPF is CAP_BPF's bit (linux/capability.h).
const capBPF = 1 << unix.CAP_BPF

// Drop gives up the privileges of this process, for good: it becomes nobody and
// has no capabilities. What is watched already goes on. Where the kernel lets
// nobody ask who holds sockets, as before Linux 6.0, CAP_BPF is kept for that, and
// [Watcher.Kept] says so. The source tracefs needs its privileges to the end, so
// that they stay. The error says why there are some left.
func (w *Watcher) Drop() error {
	if w.name == SourceTracefs {
		return fmt.Errorf("the source %s needs its privileges to the end", w.name)
	}
	s, traces := w.source.(*ebpfSource)
	keep := uint64(0)
	if traces && s.owners && !s.asksWithoutPrivileges() {
		keep = capBPF
		if err := s.keepThread(); err != nil {
			return err
		}
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(nobody, nobody, nobody), syscall.Setresuid(nobody, nobody, nobody)); err != nil {
			return fmt.Errorf("become nobody: %w", err)
		}
	} else if err := dropCapabilities(keep); err != nil {
		return err
	}
	if keep != 0 {
		if err := s.thread.do(func() error { return setCapabilities(capabilitySet(keep)) }); err != nil {
			return fmt.Errorf("keep CAP_BPF alone: %w", err)
		}
		w.kept = "CAP_BPF"
	}
	return verifyDropped(keep)
}

// Kept is the capability that Drop has kept, "" for none.
func (w *Watcher) Kept() string { return w.kept }

// asksWithoutPrivileges tries whether a thread without capabilities may ask who
// holds sockets.
func (s *ebpfSource) asksWithoutPrivileges() (may bool) {
	runtime.LockOSThread()
	had, err := capabilities()
	if err != nil {
		return false
	}
	without := had
	without[0].Effective, without[1].Effective = 0, 0
	if err := setCapabilities(without); err != nil {
		return false
	}
	may = s.ask(func(*kernel.Holder) {}) == nil
	if setCapabilities(had) == nil { // else nobody else may have this thread
		runtime.UnlockOSThread()
	}
	return may
}

// A thread does what needs a capability.
type thread struct{ calls chan func() }

func (t *thread) do(f func() error) error {
	done := make(chan error)
	t.calls <- func() { done <- f() }
	return <-done
}

// keepThread begins a thread whose capabilities stay when the user changes.
func (s *ebpfSource) keepThread() error {
	s.thread = &thread{make(chan func())}
	go func() {
		runtime.LockOSThread() // it ends with this function
		for call := range s.thread.calls {
			call()
		}
	}()
	return s.thread.do(func() error { return unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0) })
}

// capabilities are those of this thread.
func capabilities() (data [2]unix.CapUserData, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	err = unix.Capget(&header, &data[0])
	return data, err
}

// setCapabilities is of this thread.
func setCapabilities(data [2]unix.CapUserData) error {
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
}

func capabilitySet(keep uint64) [2]unix.CapUserData {
	low, high := uint32(keep), uint32(keep>>32)
	return [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
}

// dropCapabilities takes those of all threads of who is not root, but some.
func dropCapabilities(keep uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := capabilitySet(keep)
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	if errno == syscall.ENOTSUP {
		return errors.New("give up capabilities: a program with cgo cannot, unless it begins as root: build it with CGO_ENABLED=0")
	}
	if errno != 0 {
		return fmt.Errorf("give up capabilities: %w", errno)
	}
	return nil
}

// verifyDropped looks whether any thread has a capability left besides.
func verifyDropped(keep uint64) error {
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
			if name != "CapEff" && name != "CapPrm" {
				continue
			}
			if set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64); err != nil || set&^keep != 0 {
				return fmt.Errorf("a thread has still %s %s", name, strings.TrimSpace(value))
			}
		}
	}
	return nil
}
