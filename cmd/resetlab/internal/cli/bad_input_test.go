package cli_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
)

// badValues are values that a flag of this name refuses in every command.
var badValues = map[string][]string{
	"label":              {"cause containsAny unread", "(", "a &&", "/[/", "cause: foo bar"},
	"claim":              {"no-such-claim", "\x1b[31m"},
	"repeat":             {"0", "-1"},
	"width":              {"1", "40", "59", "401", "-80"},
	"color":              {"blue", "\x1b[31m"},
	"html":               {"no/such/directory", ".", "/dev/null/x"},
	"json":               {"no/such/directory", "."},
	"pcap":               {"FILE/below"},
	"mermaid":            {"no/such/directory", "."},
	"junit":              {"no/such/directory", "."},
	"markdown":           {"no/such/directory", "."},
	"expect":             {"no/such/file", ".", "BINARY"},
	"listen":             {"nowhere:7000", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:", "x", "[::1", "\x1b:1"},
	"upstream":           {"x", "h:0", "h:70000", ":1", "h:x", "\x1b[31m"},
	"cut":                {"x", "toward=middle", "toward=client,after=-1", "toward=client,times=0", "toward=client,\x1b=1", "after=1"},
	"toxic":              {"x", "treacle,toward=client", "latency", "latency,toward=client,latency=-1", "=", "latency,toxicity=2"},
	"seed":               {"-1"},
	"card":               {"sometimes", "\x1b[31m"},
	"bound":              {"0", "-1", "86401"},
	"recording":          {"no/such/directory", "."},
	"cell":               {"x", "a/b/c/d", "P7/rst/once/delete", "\x1b[31m", "P77/rst/once/read"},
	"only":               {"[", "P7/*", "no-such-cell", "\x1b[31m"},
	"faults":             {"rts", "a\"b", "\x1b[31m", ","},
	"repeats":            {"0x", "x", "99999999999999999999x"},
	"operations":         {"delete", "read,"},
	"budget":             {"x", "time=x", "time=-1s", "time=", "attempts=0", "attempts=99999999999999999999", "time=1s,time=2s", "\x1b"},
	"shard":              {"x", "1", "0/4", "5/4", "1/99999999999999999999", "1/2/3"},
	"parallel":           {"-1"},
	"stride":             {"0", "-1"},
	"count":              {"true", "no-such-program {id}", "\x1b {id}"},
	"toxiproxy":          {"\x1b[31m", "http://", "ftp://127.0.0.1"},
	"toxiproxy-listen":   {"x"},
	"toxiproxy-address":  {"x"},
	"toxiproxy-upstream": {"x"},
	"port":               {"0", "65536", "http", ""},
	"pid":                {"0", "-1", "nginx"},
	"cause":              {"no-such-cause", "\x1b[31m"},
	"direction":          {"up", "\x1b[31m"},
	"source":             {"dtrace", "\x1b[31m"},
	"ring":               {"x", "0", "4095", "5MiB", "2048MiB", "-4096", "4TiB"},
	"for":                {"x", "0s", "-1s", "60"},
}

// forType are values that no flag of a type takes.
var forType = map[string][]string{
	"int": {"x", "", "1.5", "99999999999999999999"}, "int64": {"x", "", "1.5", "-99999999999999999999"},
	"uint64": {"x", "", "-1", "99999999999999999999"}, "bool": {"maybe"},
	"string": {""}, "stringSlice": {""}, "stringArray": {""},
}

// badArguments are what commands are given besides flags, as what refuses them.
var badArguments = map[string][][]string{
	"resetlab":            {{"no-such-command"}, {"\x1b[31m"}, {"--no-such-flag"}, {"-x"}, {""}, {"--="}},
	"resetlab help":       {{"no-such-command"}, {"run", "x"}},
	"resetlab completion": {{"x"}, {"bash", "x"}},
	"resetlab list":       {{"--no-such-flag"}},
	"resetlab run":        {{}, {"no-such"}, {""}, {"\x1b[31m"}, {"--all", "quitting"}, {"quitting", "--label", "cause: containsAny refused"}},
	"resetlab show":       {{}, {"no/such/file"}, {"."}, {"EMPTY"}, {"BINARY"}, {"CUT"}, {"ARRAY"}, {"x", "y"}, {""}},
	"resetlab explain":    {{}, {""}},
	"resetlab try": {{}, {""}, {"no/such/file"}, {"client raed 10"}, {"client read"}, {"\x1b[31m"}, {"BINARY"}, {"."},
		{"FILE", "no/such/file"}, {"--calls", "raed"}, {"server close; server read 1"}, {"client write \"\x1b[31m"}},
	"resetlab play":        {{""}, {"no/such/file"}, {"client raed 10"}, {"a", "b"}, {"BINARY"}, {"--bound", "0"}},
	"resetlab predict":     {{}, {""}, {"no/such/file"}, {"client raed 10"}, {"\x1b[31m"}, {"BINARY"}, {"."}},
	"resetlab claims":      {{"x"}},
	"resetlab serve":       {{"no-such-server"}, {"echo", "x"}, {""}, {"\x1b[31m"}},
	"resetlab proxy":       {{}, {"x"}},
	"resetlab doctor":      {{"x"}},
	"resetlab watch":       {{"x"}, {"--count=0"}, {"--json=maybe"}, {"--rate=-1"}, {"--netns=/etc"}, {"--container=nonesuch"}},
	"resetlab man":         {{"no/such/directory"}, {"FILE"}, {".", "."}, {""}},
	"resetlab audit":       {{}, {"no-such-protocol"}},
	"resetlab audit show":  {{}, {"no/such/file"}, {"."}, {"EMPTY"}, {"BINARY"}, {"CUT"}, {"ARRAY"}, {"HOSTILE"}, {""}},
	"resetlab audit merge": {{}, {"no/such/file"}, {"."}, {"EMPTY"}, {"BINARY"}, {"CUT"}, {"ARRAY"}, {"HOSTILE"}},
	"resetlab audit diff":  {{}, {"ARRAY", "CUT"}, {"EMPTY", "EMPTY"}, {"x"}, {"x", "y", "z"}, {"HOSTILE", "HOSTILE"}},
	"resetlab audit http":  {{}, {"true"}, {"-sS"}, {"--", "no-such-program"}, {"--", ""}, {"--", "."}, {"--", "FILE"}},
}

// goodArguments are such that only what is added to them is bad.
func goodArguments(command string) []string {
	switch command {
	case "resetlab run":
		return []string{"closing-with-unread-data"}
	case "resetlab show":
		return []string{recordings + "/abort.json"}
	case "resetlab explain":
		return []string{"ECONNRESET"}
	case "resetlab try", "resetlab predict":
		return []string{"server close"}
	case "resetlab proxy":
		return []string{"--upstream", "127.0.0.1:1"}
	case "resetlab serve":
		return []string{"echo"}
	case "resetlab audit show", "resetlab audit merge":
		return []string{"REPORT"}
	case "resetlab audit diff":
		return []string{"REPORT", "REPORT"}
	case "resetlab audit tcp", "resetlab audit tls":
		return []string{"--upstream", "127.0.0.1:1"}
	}
	return nil
}

// internal are words of Go, of its libraries and of the inside of this program.
var internal = regexp.MustCompile(`strconv|[^-]json:|Go value|Go struct|unmarshal|unexpected EOF|bufio|exec:|parse error|` +
	`looking for|invalid argument "|arg\(s\)|flag\(s\)|RESETLAB_|goroutine|0x[0-9a-f]{6}|%!|<nil>`)

// TestBadInputIsRefused gives every flag of every command values that it must
// refuse: with one plain line and status 2, before anything is started.
func TestBadInputIsRefused(t *testing.T) {
	t.Chdir(badFiles(t))
	for _, command := range cli.Commands() {
		if !command.Runnable() || strings.Contains(command.CommandPath(), "completion") {
			continue
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			for _, value := range append(slices.Clone(forType[f.Value.Type()]), badValues[f.Name]...) {
				refused(t, withFlag(command, f.Name, value))
			}
		})
	}
	refused(t, []string{"run", "closing-with-unread-data", "--pcap=FILE"})
	for command, lists := range badArguments {
		for _, args := range lists {
			refused(t, append(strings.Fields(command)[1:], args...))
		}
	}
}

// withFlag is a command line that is good but for the flag's value.
func withFlag(command *cobra.Command, flag, value string) []string {
	args := append(strings.Fields(command.CommandPath())[1:], goodArguments(command.CommandPath())...)
	args = append(args, "--"+flag+"="+value)
	switch flag {
	case "stride":
		args = append(args, "--sweep")
	case "count":
		args = append(args, "--upstream=127.0.0.1:1")
	}
	if strings.Contains(command.Use, "-- COMMAND") {
		args = append(args, "--", "touch", "STARTED")
	}
	return args
}

// badFiles makes a directory with files that are no good.
func badFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	recording, err := os.ReadFile(recordings + "/abort.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"FILE": "x", "EMPTY": "", "CUT": string(recording[:500]), "ARRAY": "[]",
		"BINARY":  "\x7fELF\x1b[31m" + strings.Repeat("\x00", 10_000),
		"HOSTILE": `{"version":1,"subject":"\u001b[31m","protocol":"\u001b[2J\u0007","cells":[{"id":"\u001b[31m"}]}`,
		"REPORT":  `{"version":1,"subject":"x","protocol":"lines","cells":[]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// refused runs a command line that must be refused.
func refused(t *testing.T, args []string) {
	t.Helper()
	before := files(t)
	status, stdout, stderr := inProcess(t, args)
	line, rest, _ := strings.Cut(stderr, "\n")
	switch {
	case status != 2 || stdout != "" || rest != "" || !strings.HasPrefix(line, "resetlab: "):
		t.Errorf("%q: status %d, stdout %.200q, stderr %.500q: want 2 and one line", args, status, stdout, stderr)
	case internal.MatchString(line), regexp.MustCompile(`[[:cntrl:]]`).MatchString(line):
		t.Errorf("%q: said %q", args, line)
	case len(line) > 400:
		t.Errorf("%q: %d bytes: %s", args, len(line), line)
	}
	if now := files(t); !slices.Equal(before, now) {
		t.Errorf("%q: something was started or left: %v", args, now)
	}
}

// files lists the working directory.
func files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// inProcess runs a command line in this process. It is interrupted at the end
// of the test, if it does not end by itself.
func inProcess(t *testing.T, args []string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), began)
	defer cancel()
	var streams [2]*os.File
	for i := range streams {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		streams[i] = file
	}
	status = cli.Execute(ctx, args, streams[0], streams[1])
	if ctx.Err() != nil {
		t.Errorf("%q: it began", args)
	}
	var said [2]string
	for i, file := range streams {
		file.Seek(0, io.SeekStart)
		text, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		said[i] = string(text)
	}
	return status, said[0], said[1]
}

// began is how long a command runs that was not refused, before it is stopped.
const began = time.Minute
