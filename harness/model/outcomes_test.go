package model_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/script"
)

// TestExamples: whatever the examples expect of the kernel, the model says.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../script/examples/*.try")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := script.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(scripts[0].Name(), func(t *testing.T) {
			for _, answer := range model.Outcomes(scripts[0]) {
				if answer.Verdict() != script.Held {
					t.Errorf("%s:\n%s", answer.Verdict(), answer.Text())
				}
			}
		})
	}
}
