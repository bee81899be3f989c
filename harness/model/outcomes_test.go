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

// TestNotModelled: where the sizes of buffers decide, or what the model does not
// cover, the prediction ends, and guesses nothing.
func TestNotModelled(t *testing.T) {
	for _, text := range []string{
		"server fill; client disconnect; server unacked",
		"server fill; client unread",
		"server fill; client close; server unacked",
		"client disconnect; client unacked",
		`client send "a" oob`,
	} {
		scripts, err := script.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, answer := range model.Outcomes(scripts[0]) {
			if answer.Stopped == "" {
				t.Errorf("%s: it goes on to the end:\n%s", text, answer.Text())
			}
		}
	}
}
