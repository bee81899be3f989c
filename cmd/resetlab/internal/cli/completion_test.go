package cli_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
)

// A shell asks what comes next at the end of whatever has been typed, of which the
// last word may be empty: after each command, and after each flag.
func TestCompletionAfterEverything(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, command := range cli.Commands() {
		path := strings.Fields(command.CommandPath())[1:]
		words := complete(t, append(path, "")...)
		for _, below := range command.Commands() {
			if below.IsAvailableCommand() && !contains(words, below.Name()) {
				t.Errorf("after %q: %q, and %q is not among them", path, words, below.Name())
			}
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if words := complete(t, append(path, "--"+f.Name)...); !f.Hidden && !contains(words, "--"+f.Name) {
				t.Errorf("%q does not complete --%s: %q", path, f.Name, words)
			}
			complete(t, append(path, "--"+f.Name, "")...)
		})
	}
}

// complete returns the words that may come next, or instead of the last one.
func complete(t *testing.T, line ...string) (words []string) {
	t.Helper()
	status, stdout, stderr := inProcess(t, append([]string{"__complete"}, line...))
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	last := len(lines) - 1
	if status != 0 || !regexp.MustCompile(`^:\d+$`).MatchString(lines[last]) || strings.Contains(stderr, "resetlab: ") {
		t.Fatalf("%q is completed with status %d, %q and %q", line, status, stdout, stderr)
	}
	for _, word := range lines[:last] {
		word, _, _ = strings.Cut(word, "\t")
		words = append(words, word)
	}
	return words
}

func contains(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return w == word || w == word+"=" })
}
