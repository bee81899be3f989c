package model_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPure: the package needs harness/script, harness/tcp and the standard
// library, and builds for a browser.
func TestPure(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	const module = "github.com/resetlab/resetlab/harness/"
	for path := range strings.FieldsSeq(string(output)) {
		if path != module+"model" && path != module+"script" && path != module+"tcp" {
			t.Errorf("model imports %s", path)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", build, err, output)
	}
}
