package script_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples: each is a script that is named as its file, with expectations.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("examples/*.try")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts := parse(t, string(text))
		expects := 0
		for _, line := range scripts[0].Lines {
			if line.Expect != nil {
				expects++
			}
		}
		if len(scripts) != 1 || scripts[0].Name() != strings.TrimSuffix(filepath.Base(file), ".try") || expects == 0 {
			t.Errorf("%s: %d scripts, named %q, expect %d results", file, len(scripts), scripts[0].Name(), expects)
		}
	}
}
