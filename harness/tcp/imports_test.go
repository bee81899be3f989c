package tcp_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestStandardLibraryAlone lists what an importer of the words compiles.
func TestStandardLibraryAlone(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	if got := strings.Fields(string(output)); len(got) != 1 || !strings.HasSuffix(got[0], "/harness/tcp") {
		t.Errorf("the package compiles %q, want nothing but itself and the standard library", got)
	}
}

// TestBuildsForTheBrowser compiles the words for js/wasm.
func TestBuildsForTheBrowser(t *testing.T) {
	build := exec.CommandContext(t.Context(), "go", "build", ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", build, err, output)
	}
}
