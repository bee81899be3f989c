package program

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// WriteFile replaces a file below /etc or /run of a program that has such files
// of its own: see Options. The program finds the old text or the new one, never
// a part.
func (p *Program) WriteFile(name, text string) error {
	if err := checkFile(name); err != nil {
		return err
	}
	if !p.files {
		return fmt.Errorf("write %s: %s has no files of its own there: give its supervisor some", name, p.name)
	}
	root, err := os.OpenRoot(filepath.Join("/proc", strconv.Itoa(p.pid), "root", name[:len("/etc")]))
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it has ended")
	}
	if err != nil {
		return fmt.Errorf("write %s of %s: %w", name, p.name, err)
	}
	defer root.Close()
	name = name[len("/etc/"):]
	part := name + ".part"
	if err := root.WriteFile(part, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write a file of %s: %w", p.name, err)
	}
	if err := root.Rename(part, name); err != nil {
		return fmt.Errorf("write a file of %s: %w", p.name, err)
	}
	return nil
}

// Pause stops the program itself (SIGSTOP) and returns when none of its threads
// runs any more. What it has started runs on.
func (p *Program) Pause(ctx context.Context) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		// Only its parent could wait for it (waitid(2), WSTOPPED).
		stopped, err := p.stopped()
		if stopped || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-p.exited:
			return fmt.Errorf("pause %s: it has ended", p.name)
		case <-ctx.Done():
			return fmt.Errorf("pause %s: %w", p.name, context.Cause(ctx))
		}
	}
}

// stopped says whether all threads of the program are stopped (proc_pid_stat(5)).
func (p *Program) stopped() (bool, error) {
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(p.pid), "task/*/stat"))
	if err != nil {
		return false, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		// The name is in parentheses and may have any character in it.
		state := strings.TrimSpace(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if !strings.HasPrefix(state, "T") && !strings.HasPrefix(state, "t") {
			return false, nil
		}
	}
	return len(threads) > 0, nil
}

// Resume lets the program run on that was paused (SIGCONT).
func (p *Program) Resume() error { return p.Signal(syscall.SIGCONT) }
