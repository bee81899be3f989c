package causes_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: the package needs the standard library and harness/tcp, so that
// it runs in a browser.
func TestImports(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	const module = "github.com/resetlab/resetlab/harness/"
	for path := range strings.FieldsSeq(string(output)) {
		if path != module+"causes" && path != module+"tcp" {
			t.Errorf("causes imports %s", path)
		}
	}
}
