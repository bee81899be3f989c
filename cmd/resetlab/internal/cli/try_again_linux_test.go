package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTryAgain: a file that is saved, as it is or by renaming another, is run
// again; what is wrong in it is said, and the next save is awaited; Ctrl-C is the
// good end.
func TestTryAgain(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "one.try")
	save := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(file, "server close → ok\n")
	s := onTerminal(t, "try", file, "--watch-file", "--card", "never")
	first := s.await("Ctrl-C ends")
	if strings.Contains(first, "unavailable") {
		t.Skip("scripts cannot be run")
	}
	if !strings.Contains(first, "server close → ok") {
		t.Errorf("the first run: %s", first)
	}
	save(filepath.Join(directory, "other.try"), "client close\n") // of no interest
	save(file, "client raed 1\n")
	s.await("one.try was saved")
	s.await("do you mean read?")
	s.await("Ctrl-C ends")
	beside := filepath.Join(directory, "beside")
	save(beside, "server close\nclient read 1 → ECONNRESET\n")
	if err := os.Rename(beside, file); err != nil {
		t.Fatal(err)
	}
	s.await("one.try was saved")
	s.await("✗ expected ECONNRESET")
	s.await("not as expected")
	s.await("Ctrl-C ends")
	s.press("\x03")
	if status := s.status(); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}
