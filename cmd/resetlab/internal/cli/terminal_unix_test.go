//go:build unix

package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A screen is a terminal with the command on it.
type screen struct {
	t        *testing.T
	ctx      context.Context
	terminal *os.File
	cmd      *exec.Cmd
	coming   chan string // what the command writes; closed when it has left
	shown    string
}

func onTerminal(t *testing.T, args ...string) *screen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TERM=xterm", "NO_COLOR=")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	s := &screen{t: t, ctx: ctx, terminal: terminal, cmd: cmd, coming: make(chan string, 1000)}
	go s.read()
	return s
}

// read passes on what the command writes, until it has left the terminal.
func (s *screen) read() {
	defer close(s.coming)
	buffer := make([]byte, 4096)
	for {
		n, err := s.terminal.Read(buffer)
		if err != nil {
			return
		}
		s.coming <- string(buffer[:n])
	}
}

// await waits until text is shown, and returns what was shown up to there
// since the last time.
func (s *screen) await(text string) string {
	s.t.Helper()
	for {
		if before, after, found := strings.Cut(s.shown, text); found {
			s.shown = after
			return before
		}
		select {
		case more, ok := <-s.coming:
			if !ok {
				s.t.Fatalf("%q never came; shown: %q", text, s.shown)
			}
			s.shown += more
		case <-s.ctx.Done():
			s.t.Fatalf("%q never came; shown: %q", text, s.shown)
		}
	}
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := s.terminal.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// status waits for the end.
func (s *screen) status() int {
	s.t.Helper()
	for more := range s.coming {
		s.shown += more
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		s.t.Fatal(err)
	}
	return 0
}

func TestLearnOnATerminal(t *testing.T) {
	s := onTerminal(t, "learn", "closing-with-unread-data/resets/direct")
	question := s.await("Your prediction (1-3, Enter skips, q quits): ")
	if strings.Contains(question, "Observed") || strings.Contains(question, "Right") {
		t.Errorf("the question gives the answer away: %s", question)
	}
	if strings.Contains(question, "No script is run here") {
		t.Skip("scripts cannot be run")
	}
	s.press("nonsense\n")
	s.await("Your prediction")
	s.press("1\n")
	s.await("What happened")
	if head := s.await("server"); strings.Contains(head, "connect()") {
		t.Errorf("more than the head: %s", head)
	}
	s.press("\n")
	s.await("connect()")
	s.press("\n")
	if step := s.await("SYN_SENT"); strings.Contains(step, "accept()") {
		t.Errorf("more than a step: %s", step)
	}
	s.press("g\n")
	s.await("Right: ECONNRESET, on this kernel.")
	s.await("Take it next? (Y/n) ")
	s.press("n\n")
	s.await("read")
	s.await("1 of 1")
	if status := s.status(); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}

func TestProgressBarOnATerminal(t *testing.T) {
	s := onTerminal(t, "run", "closing-with-unread-data/nothing-unread", "--repeat", "5")
	s.await("4/5")
	s.await("read: finished ×5")
	if status := s.status(); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}

// TestCtrlCOnATerminal: the terminal interrupts the command alone, which ends
// its child.
func TestCtrlCOnATerminal(t *testing.T) {
	s := onTerminal(t, "run", "calls-after-a-reset")
	s.await("passed")
	s.press("\x03")
	s.await("resetlab: interrupted")
	if status := s.status(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}
