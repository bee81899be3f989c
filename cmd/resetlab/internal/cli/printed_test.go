package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
)

// aCommand is a command in what the program prints: at the end of a line, or
// between quotation marks or parentheses.
var aCommand = regexp.MustCompile(`(?m)^ *(resetlab .*)$|(?:again|out|run it|look closer): *(resetlab .*)$|  (resetlab .*)$|\((resetlab [^)]*)\)`)

// printed runs every command that the last command printed, as a shell does:
// none may be refused as bad input. WANT is in the output of each.
//
//	printed [WANT]
func printed(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	var commands []string
	for _, groups := range aCommand.FindAllStringSubmatch(text, -1) {
		command := strings.Join(groups[1:], "")
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	if neg || len(commands) == 0 {
		ts.Fatalf("no command is printed")
	}
	for _, command := range commands {
		var exit *exec.ExitError
		if err := ts.Exec("sh", "-c", command); errors.As(err, &exit) && exit.ExitCode() != 1 {
			ts.Fatalf("%s: status %d", command, exit.ExitCode())
		} else if exit == nil {
			ts.Check(err)
		}
		for _, want := range args {
			if !strings.Contains(ts.ReadFile("stdout"), want) {
				ts.Fatalf("%s: no %q in its output", command, want)
			}
		}
	}
}

// TestCommandLineSurvivesAShell gives a shell commands as they are printed.
func TestCommandLineSurvivesAShell(t *testing.T) {
	for _, words := range [][]string{
		{"plain", "--flag=1", "P7/rst/once/write", "{url}"},
		{"it's", `"quoted"`, "a b", "", "$HOME", "`id`", "*", "~", "a\nb", `\`, "#", "!x", "&&"},
		{"{a,b}", "{1..3}", "http://{address}/{id}?a=b&c", "é", "%x"},
	} {
		line := cli.CommandLine(words...)
		rest := strings.TrimPrefix(line, cli.CommandLine())
		shell, err := exec.LookPath("bash") // it expands more than other shells
		if err != nil {
			t.Skip("bash is not installed: it is what the command lines are tried with")
		}
		got, err := exec.CommandContext(t.Context(), shell, "-c", `printf '%s\0' `+rest).Output()
		want := strings.Join(words, "\x00") + "\x00"
		if err != nil || string(got) != want {
			t.Errorf("%s\ngives %q, %v: want %q", line, got, err, want)
		}
	}
}

// TestCommandLineNamesTheProgram as it was started.
func TestCommandLineNamesTheProgram(t *testing.T) {
	before := os.Args[0]
	defer func() { os.Args[0] = before }()
	for started, want := range map[string]string{
		"resetlab": "resetlab", "./resetlab": "./resetlab", "/opt/my tools/resetlab": "'/opt/my tools/resetlab'",
		"/tmp/go-build123/b001/exe/resetlab": "go run github.com/resetlab/resetlab/cmd/resetlab",
	} {
		os.Args[0] = started
		if got := cli.CommandLine("list"); got != want+" list" {
			t.Errorf("started as %s it prints %s", started, got)
		}
	}
}

// TestExamplesParse gives the flags of every example to its command.
func TestExamplesParse(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: it is what the command lines are tried with")
	}
	examples := 0
	for _, command := range cli.Commands() {
		for line := range strings.Lines(command.Example) {
			for part := range strings.SplitSeq(line, " | ") {
				_, part, found := strings.Cut(part, "resetlab ")
				if !found {
					continue
				}
				examples++
				part, _, _ = strings.Cut(part, " >> ")
				split, err := exec.CommandContext(t.Context(), shell, "-c", `printf '%s\0' `+part).Output()
				if err != nil {
					t.Errorf("%s: %v", part, err)
					continue
				}
				words := strings.Split(strings.TrimSuffix(string(split), "\x00"), "\x00")
				meant, rest, err := command.Root().Find(words)
				if err != nil || !meant.Runnable() {
					t.Errorf("%q is no command: %v", part, err)
					continue
				}
				if err := meant.ParseFlags(rest); err != nil {
					t.Errorf("%s: %v", part, err)
				}
			}
		}
	}
	if examples < 20 {
		t.Errorf("%d examples are there: are they looked for where they are?", examples)
	}
}
