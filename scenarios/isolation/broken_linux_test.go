package isolation_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/onsi/ginkgo/v2/types"
)

// project is the directory of the project, as seen from this package.
const project = "../.."

// A change is what is put in the place of a piece of a file of the project.
type change struct{ file, old, new string }

// wrongServer reads the byte that it is to leave unread.
var wrongServer = change{"servers/read_one_byte_then_close.go", "make([]byte, 1)", "make([]byte, 2)"}

// broken builds a package of the project with a change, by the arguments of the
// go command, and returns the binary and the flag that makes the change.
func broken(t *testing.T, c change, pkg string, build ...string) (binary, overlay string) {
	t.Helper()
	root, err := filepath.Abs(project)
	if err != nil {
		t.Fatal(err)
	}
	directory, file := t.TempDir(), filepath.Join(root, filepath.FromSlash(c.file))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), c.old) {
		t.Fatalf("%s has no %s to break", c.file, c.old)
	}
	wrong, table := filepath.Join(directory, "wrong.go"), filepath.Join(directory, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: wrong}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		wrong: strings.Replace(string(text), c.old, c.new, 1), table: string(replace),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary, overlay = filepath.Join(directory, "broken"), "-overlay="+table
	command := exec.CommandContext(t.Context(), "go", append(build, overlay, "-o", binary, pkg)...)
	command.Dir = root
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, said)
	}
	return binary, overlay
}

// TestABrokenServer runs specs of a server that is wrong. What can no longer
// happen is not waited for; no verdict is computed of what is left; and the
// report of each spec fits 80 columns, names on its card the ports of its
// message, and says how to run it again.
func TestABrokenServer(t *testing.T) {
	binary, overlay := broken(t, wrongServer, "./scenarios", "test", "-c")
	path := filepath.Join(t.TempDir(), "report.json")
	run := exec.CommandContext(t.Context(), binary, "-ginkgo.no-color", "-ginkgo.json-report="+path,
		"-ginkgo.focus-file=closing_with_unread", "-ginkgo.focus-file=writing_after_a_reset",
		"-ginkgo.focus-file=number_of_the_error")
	run.Dir = project + "/scenarios"
	said, err := run.CombinedOutput()
	if err == nil {
		t.Fatalf("a run with a broken server passed:\n%s", said)
	}
	for _, want := range []string{
		"claims · 7 of ", "claim go-read · failed · 2 of 2 specs failed\n",
		"claim go-write · failed · 2 of 3 specs failed\n", "suite · 2 specs passed, 7 FAILED, ",
	} {
		if !strings.Contains(string(said), want) {
			t.Errorf("the run does not say %q", want)
		}
	}
	if strings.Contains(string(said), "claim go-write · holds") || strings.Contains(string(said), "· not run") {
		t.Error("there is a verdict on a claim of which specs failed")
	}
	texts, failed := read(t, path)
	if len(failed) != 7 {
		t.Fatalf("%d specs failed, want 7:\n%s", len(failed), said)
	}
	for _, spec := range failed {
		check(t, spec, texts)
	}
	last := failed[len(failed)-1]
	again := exec.CommandContext(t.Context(), "sh", "-c", entry(last, "again"))
	again.Dir, again.Env = project, append(os.Environ(), "GOFLAGS="+overlay)
	if said, err := again.CombinedOutput(); err == nil || !strings.Contains(string(said), "Ran 1 of ") {
		t.Errorf("%s: %v, want one spec run, which fails:\n%s", entry(last, "again"), err, said)
	}
}

// TestAChangedVerdict lets a document say something else. No spec asserts what
// its claim's verdict is: the one that was measured tells.
func TestAChangedVerdict(t *testing.T) {
	binary, _ := broken(t, change{"scenarios/claims/go_programs.go", `{"read: reset"}`, `{"read: finished"}`},
		"./scenarios", "test", "-c")
	run := exec.CommandContext(t.Context(), binary, "-ginkgo.no-color", "-ginkgo.label-filter=claim: containsAny go-read")
	run.Dir, run.Env = project+"/scenarios", append(os.Environ(), "RESETLAB_PIN=1")
	said, err := run.CombinedOutput()
	want := "pinned · claim go-read · differs on linux: read: reset, and not: holds\n"
	if err == nil || !strings.Contains(string(said), "2 Passed | 0 Failed") || !strings.Contains(string(said), want) {
		t.Errorf("the run: %v, want that all specs pass and it fails by %q:\n%s", err, want, said)
	}
}

// read returns the texts of all specs in Ginkgo's report, and those that failed.
func read(t *testing.T, path string) (texts []string, failed []types.SpecReport) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var reports []types.Report
	if err := json.Unmarshal(text, &reports); err != nil || len(reports) != 1 {
		t.Fatalf("%d reports, want 1: %v", len(reports), err)
	}
	for _, spec := range reports[0].SpecReports {
		if spec.LeafNodeType != types.NodeTypeIt {
			continue
		}
		texts = append(texts, reports[0].SuiteDescription+" "+spec.FullText())
		if spec.Failed() {
			failed = append(failed, spec)
		}
	}
	return texts, failed
}

// entry returns an entry of a spec's report.
func entry(spec types.SpecReport, name string) string {
	for _, entry := range spec.ReportEntries {
		if entry.Name == name {
			return entry.StringRepresentation()
		}
	}
	return ""
}

// check checks the report of a spec that failed. Texts are those of all specs.
func check(t *testing.T, spec types.SpecReport, texts []string) {
	t.Helper()
	const indent, terminal = 4, 80
	if spec.State != types.SpecStateFailed {
		t.Errorf("%s: %v, want it to fail by what it saw", spec.FullText(), spec.State)
	}
	card := entry(spec, "recording")
	for line := range strings.Lines(card) {
		if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns+indent > terminal {
			t.Errorf("%s: a line of its card has %d columns, %d with the indent", spec.FullText(), columns, columns+indent)
		}
	}
	for _, port := range regexp.MustCompile(`\d+\.\d+\.\d+\.\d+(:\d+)`).FindAllStringSubmatch(spec.Failure.Message, -1) {
		if !strings.Contains(card, port[1]) {
			t.Errorf("%s: its message names port %s, its card does not:\n%s", spec.FullText(), port[1], card)
		}
	}
	focus := regexp.MustCompile(`--focus='(.*)' \./scenarios`).FindStringSubmatch(entry(spec, "again"))
	if focus == nil {
		t.Fatalf("%s: to run it again there is %q", spec.FullText(), entry(spec, "again"))
	}
	chosen := 0
	for _, text := range texts {
		if regexp.MustCompile(focus[1]).MatchString(text) {
			chosen++
		}
	}
	if chosen != 1 {
		t.Errorf("%s: %s chooses %d specs, want 1", spec.FullText(), focus[0], chosen)
	}
}

// TestClaimsOfABrokenServer runs resetlab claims where nothing can be printed:
// it says so, and what failed, and keeps the cards.
func TestClaimsOfABrokenServer(t *testing.T) {
	binary, _ := broken(t, wrongServer, "./cmd/resetlab", "build")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var said strings.Builder
	run := exec.CommandContext(t.Context(), binary, "claims")
	run.Stdout, run.Stderr = full, &said
	if err := run.Run(); err == nil || run.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v, want status 1", err)
	}
	for _, want := range []string{
		"write to standard output: no space left on device", "failed specs: 7", "FAILED  Closing with unread data",
		"want  read: reset", "read() EOF", "again: " + binary + " run closing-with-unread-data/resets/direct",
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(said.String())
	}
}
