package cli_test

import (
	"strings"
	"syscall"
	"testing"
)

// TestWatchTop draws in one place, and leaves the terminal as it was before it
// sums up.
func TestWatchTop(t *testing.T) {
	listener := listening(t)
	watching(t, "--for=1ms").end()
	s := onTerminal(t, "watch", "--top", portOf(listener))
	s.await("\x1b[?1049h")
	s.await("WHO")
	leftUnread(t, listener)
	s.await("unread or ")
	s.await("cli.test")
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.await("\x1b[?25h\x1b[?1049l")
	s.await("1 reset; of ")
	s.await("cure  ")
}

// TestWatchTopInAPipe: blocks without control characters, when something came.
func TestWatchTopInAPipe(t *testing.T) {
	listener := listening(t)
	run := watching(t, "--top", portOf(listener))
	run.line("watching")
	leftUnread(t, listener)
	run.line("CAUSE")
	if row := run.line("unread or "); !strings.Contains(row, "cli.test") || strings.Contains(row, "\x1b") {
		t.Errorf("got %q", row)
	}
	if rest, status := run.interrupt(); status != 0 || !strings.Contains(rest, "1 reset; of ") || strings.Contains(rest, "CAUSE") {
		t.Errorf("status %d, said %s", status, rest)
	}
}
