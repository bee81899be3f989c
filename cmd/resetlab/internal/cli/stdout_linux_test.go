package cli_test

import (
	"os"
	"strings"
	"testing"
)

// TestFullStandardOutput runs every command with a standard output that takes
// nothing. Each must end by itself and say so.
func TestFullStandardOutput(t *testing.T) {
	dir := t.TempDir()
	report := dir + "/report.json"
	client := []string{os.Args[0], asAudited, "{address}", "{operation}", "{id}"}
	lines := append([]string{"audit", "lines", "--only", "P7/*/once/*", "--json", report, "--"}, client...)
	if output, status := commandTo(t, nil, lines...); status != 0 {
		t.Fatalf("status %d: %s", status, output)
	}
	abort := recordings + "/abort.json"
	for _, args := range [][]string{
		{}, {"--help"}, {"--version"}, {"help", "run"}, {"completion", "bash"}, {"completion", "zsh"}, {"completion"},
		{"list"}, {"list", "--json"}, {"serve"}, {"serve", "echo"}, {"proxy", "--upstream", "127.0.0.1:1"}, {"doctor"}, {"man"},
		{"show", abort}, {"show", abort, "--mermaid", "-"}, {"show", abort, "--json", "-"}, {"show", abort, "--html", "-"},
		{"run", "closing-with-unread-data"}, {"run", "quitting", "--repeat", "2"}, {"run", "quitting", "--json", "-"},
		{"explain", "ECONNRESET"}, {"learn"}, {"audit", "lines", "--dry-run"}, lines, append([]string{"audit", "lines", "--sweep", "--"}, client...),
		{"audit", "show", report}, {"audit", "show", report, "--json", "-"}, {"audit", "merge", report}, {"audit", "diff", report, report},
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		stderr, status := commandTo(t, full, args...)
		full.Close()
		const want = "resetlab: write to standard output: no space left on device\n"
		if status != 1 || !strings.HasSuffix(stderr, want) || strings.Count(stderr, "no space") != 1 {
			t.Errorf("%q: status %d, said %q, want 1 and %q", args, status, stderr, want)
		}
	}
}

// TestReaderThatLeaves: a pipe that nobody reads any more ends a command
// without a word, and not by a signal.
func TestReaderThatLeaves(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"serve", "echo"}, {"run", "closing-with-unread-data"}} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		stderr, status := commandTo(t, write, args...)
		write.Close()
		if status != 1 || stderr != "" {
			t.Errorf("%q: status %d, said %q, want 1 and nothing", args, status, stderr)
		}
	}
}
