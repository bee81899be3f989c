package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// quick are scenarios that take milliseconds: plain ones, with a process and
// with a private network.
var quick = []string{"killing-the-server", "reset-forged-on-the-way", "calls-after-a-reset", "closing-with-unread-data"}

// TestKillLeavesNothing kills a run at twenty random moments, or at fifty if all
// repetitions are asked for. Every process of a run holds the write end of a
// pipe, which ends when the last is gone.
func TestKillLeavesNothing(t *testing.T) {
	rounds := 20
	if os.Getenv("RESETLAB_FULL") != "" {
		rounds = 50
	}
	for round := range rounds {
		after := rand.IntN(60)
		t.Run(fmt.Sprintf("%d after %d lines", round, after), func(t *testing.T) {
			t.Parallel()
			killRun(t, after)
		})
	}
}

// killRun kills a run after so many lines of output.
func killRun(t *testing.T, lines int) {
	t.Helper()
	temporary, mark := t.TempDir(), "RESETLAB_TEST_MARK="+t.TempDir()
	alive, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	cmd := exec.Command(os.Args[0], append([]string{"run"}, quick...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TMPDIR="+temporary, mark)
	cmd.ExtraFiles = []*os.File{6: held} // far from those that children get
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	held.Close()
	reading := make([]byte, 1)
	for lines > 0 {
		if _, err := stdout.Read(reading); err != nil {
			break // it was done before
		}
		if reading[0] == '\n' {
			lines--
		}
	}
	cmd.Process.Kill()
	cmd.Wait()

	alive.SetReadDeadline(time.Now().Add(10 * time.Minute))
	if _, err := io.ReadAll(alive); err != nil {
		t.Errorf("some process of the run still lives: %v", err)
	}
	for _, process := range marked(t, mark) {
		t.Errorf("process %s still lives", process)
	}
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left", entry.Name())
	}
}

// marked finds the processes that have mark in their environment.
func marked(t *testing.T, mark string) []string {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range environments {
		text, err := os.ReadFile(path) // it may be gone by now
		if err == nil && bytes.Contains(text, []byte(mark)) {
			found = append(found, filepath.Dir(path))
		}
	}
	return found
}

// TestInterruptEndsTheRun: an interrupt ends the running spec, the child and
// the command, with one line.
func TestInterruptEndsTheRun(t *testing.T) {
	run := start(t, append([]string{"run"}, quick...)...)
	run.line("passed")
	rest, status := run.interrupt()
	if !regexp.MustCompile(`(?m)^\d+ passed .* s$`).MatchString(rest) {
		t.Errorf("said %q, want how many specs had passed", rest)
	}
	if want := "resetlab: interrupted\n"; status != 1 || run.stderr.String() != want {
		t.Errorf("status %d, said %q, want 1 and %q", status, &run.stderr, want)
	}
}
