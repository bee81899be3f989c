package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runsWritten is the suite of a scenario that a session has written.
const runsWritten = `package scenarios

import (
	"testing"

	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

func TestWritten(t *testing.T) { suite.Run(t, suite.Scenarios) }
`

// TestPlayWritesAScenario: what a session writes as a scenario compiles as a file
// of the scenarios, and its spec passes. It is laid over the source as a package of
// its own, and nothing is written there.
func TestPlayWritesAScenario(t *testing.T) {
	top := t.TempDir()
	if err := os.Mkdir(filepath.Join(top, "scenarios"), 0o755); err != nil {
		t.Fatal(err)
	}
	storeText(t, filepath.Join(top, "scenarios", "doc.go"), "package scenarios\n")
	session := exec.CommandContext(t.Context(), "/proc/self/exe", "play")
	session.Env, session.Dir = append(os.Environ(), asCommand+"=1"), top
	session.Stdin = strings.NewReader(`client write "a` + "`" + `b"
server read 1; server close
client write "c"; client read 10
scenario closing-with-a-byte-unread
scenario closing-with-unread-data
scenario Not-A-Name
`)
	said, err := session.CombinedOutput()
	if strings.Contains(string(said), "not available here") {
		t.Skip(string(said))
	}
	for _, want := range []string{"closing_with_a_byte_unread_linux.go is written", "there is a scenario closing-with-unread-data already", "small letters"} {
		if err != nil || !strings.Contains(string(said), want) {
			t.Fatalf("%v, no %q in\n%s", err, want, said)
		}
	}
	output, err := runWritten(t, filepath.Join(top, "scenarios", "closing_with_a_byte_unread_linux.go"))
	if err != nil || !strings.Contains(output, "1 Passed") {
		t.Errorf("%v\n%s", err, output)
	}
}

// runWritten runs the specs of a file as if it were in the source.
func runWritten(t *testing.T, file string) (string, error) {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	suite, overlay := filepath.Join(directory, "suite.go"), filepath.Join(directory, "overlay.json")
	storeText(t, suite, runsWritten)
	const inside = "scenarios/internal/written"
	text, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, inside, filepath.Base(file)): file,
		filepath.Join(root, inside, "suite_test.go"):     suite,
	}})
	if err != nil {
		t.Fatal(err)
	}
	storeText(t, overlay, string(text))
	binary := filepath.Join(directory, "written.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", binary, "./"+inside)
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return string(output), err
	}
	test := exec.CommandContext(t.Context(), binary, "-test.v")
	test.Dir = directory
	test.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "RESETLAB_") // strict runs want all scenarios, and this is one
	})
	output, err := test.CombinedOutput()
	return string(output), err
}

func storeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
