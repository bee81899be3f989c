package isolation_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMakeScenariosIsPlain: without a terminal, and with NO_COLOR on one, no
// escape sequence is printed (no-color.org); and what takes long is named first.
func TestMakeScenariosIsPlain(t *testing.T) {
	const command = "make --no-print-directory scenarios ARGS='--focus-file=closing_with_unread'"
	for _, test := range []struct {
		name      string
		command   []string
		variables []string
		colour    bool
	}{
		{"in a pipe", []string{"sh", "-c", command}, nil, false},
		{"on a terminal", []string{"script", "-qec", command, "/dev/null"}, nil, true},
		{"on a terminal, NO_COLOR", []string{"script", "-qec", command, "/dev/null"}, []string{"NO_COLOR=1"}, false},
		{"on a dumb terminal", []string{"script", "-qec", command, "/dev/null"}, []string{"TERM=dumb"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, err := exec.LookPath(test.command[0])
			if err != nil {
				t.Skipf("%v: it gives the test a terminal; Debian has it in bsdutils", err)
			}
			run := exec.CommandContext(t.Context(), path, test.command[1:]...)
			run.Dir = project
			run.Env = append(os.Environ(), append([]string{"NO_COLOR=", "TERM=xterm"}, test.variables...)...)
			said, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v:\n%s", err, said)
			}
			if got := strings.Contains(string(said), "\x1b["); got != test.colour {
				t.Errorf("escape sequences: %v, want %v:\n%q", got, test.colour, said)
			}
			if !strings.HasPrefix(string(said), "compiling ") || !strings.Contains(string(said), "suite · 4 specs passed") {
				t.Errorf("it says first, and in all:\n%s", said)
			}
		})
	}
}
