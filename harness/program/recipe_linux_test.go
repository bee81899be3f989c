package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/program"
)

// TestNeverRoot: a program that refuses to run as root is not to be had where root
// cannot run it as nobody, and the error says what would help.
func TestNeverRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as others: run it as root")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		directory string
		recipe    program.Recipe
		found     bool
	}{
		{"others may pass", os.TempDir(), program.Recipe{AnyUser: true, NeverRoot: true}, true},
		{"others may not", closed, program.Recipe{AnyUser: true, NeverRoot: true}, false},
		{"others may not, and root may", closed, program.Recipe{AnyUser: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TMPDIR", test.directory)
			test.recipe.Name, test.recipe.Path = "shell", "sh"
			_, err := test.recipe.Find()
			if found := err == nil; found != test.found {
				t.Fatalf("found: %v", err)
			}
			if !test.found && (!errors.Is(err, program.ErrUnavailable) || !strings.Contains(err.Error(), "set TMPDIR")) {
				t.Errorf("the error does not say what would help: %v", err)
			}
		})
	}
}
