package model_test

import (
	"os"
	"path/filepath"
	"slices"
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

// differed are the scripts that model and kernel once answered differently.
func differed(t *testing.T) []script.Script {
	t.Helper()
	text, err := os.ReadFile("testdata/differed.try")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := script.Parse(string(text))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	return scripts
}

// TestDiffered: what was mended stays so, in the model.
func TestDiffered(t *testing.T) {
	for _, s := range differed(t) {
		for _, answer := range model.Outcomes(s) {
			if answer.Verdict() != script.Held {
				t.Errorf("%s: %s:\n%s", s.Name(), answer.Verdict(), answer.Text())
			}
		}
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
		`server fill; server write "a"; client drain; client disconnect; server/look unacked`,
		`client send "a" oob`,
		"client set keepalive 1s 1s 1; server vanish; client await rst",
		"client set keepalive 1s 1s 1; server vanish; client read 1; client returns within 5s",
		"listener listen; client connect; server accept; client vanish; client2 bind same as client; client2 connect",
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

// TestBothOrders: where the scheduler decides, each way that a kernel was seen to
// go is among those that are predicted.
func TestBothOrders(t *testing.T) {
	for _, text := range []string{
		"client/a read 1; client/b read 1; server write \"x\"",
		// Shutdown wakes both calls of accept, which queue anew in either order.
		"listener listen; a accept; b accept; listener shutdown write; client connect",
	} {
		scripts, err := script.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		waiting := map[string]bool{}
		for _, answer := range model.Outcomes(scripts[0]) {
			if answer.Stopped != "" || len(answer.Waiting) != 1 {
				t.Fatalf("%s:\n%s", text, answer.Text())
			}
			waiting[answer.Waiting[0]] = true
		}
		if len(waiting) != 2 {
			t.Errorf("%s: who waits at the end: %v", text, waiting)
		}
	}
}

// TestAgrees: what comes from a doubted line on is not held against a prediction,
// even where it made the script stop; what comes before it is.
func TestAgrees(t *testing.T) {
	scripts, err := script.Parse(`server write "ab"; client unread; client read 1`)
	if err != nil {
		t.Fatal(err)
	}
	predicted := model.Outcomes(scripts[0])[0]
	unread := len(predicted.Steps) - 2
	for _, test := range []struct {
		name   string
		change func(*script.Answer)
		want   bool
	}{
		{"the same", func(*script.Answer) {}, true},
		{"somebody waits", func(a *script.Answer) { a.Waiting = []string{"client: read 1"} }, false},
		{"somebody waits, doubted", func(a *script.Answer) {
			a.Waiting, a.Steps[unread+1].Doubt = []string{"client: read 1"}, "late"
		}, true},
		{"somebody waits, doubted before", func(a *script.Answer) {
			a.Waiting, a.Steps[unread].Doubt = []string{"client: read 1"}, "late"
		}, false},
		{"shorter, doubted", func(a *script.Answer) { a.Steps[unread].Doubt = "late"; a.Steps = a.Steps[:unread+1] }, true},
		{"shorter", func(a *script.Answer) { a.Steps = a.Steps[:unread+1] }, false},
		{"longer", func(a *script.Answer) { a.Steps = append(a.Steps, a.Steps[0]) }, false},
		{"stopped at its end", func(a *script.Answer) { a.Stopped = "it has no socket" }, false},
		{"otherwise", func(a *script.Answer) { a.Steps[unread].Results = nil }, false},
		{"otherwise, doubted", func(a *script.Answer) { a.Steps[unread].Results, a.Steps[unread].Doubt = nil, "late" }, true},
		{"otherwise, doubted after that", func(a *script.Answer) { a.Steps[unread].Results, a.Steps[unread+1].Doubt = nil, "late" }, false},
		{"otherwise, doubted, and then stopped", func(a *script.Answer) {
			a.Steps[unread].Results, a.Steps[unread].Doubt = nil, "late"
			a.Steps, a.Stopped = a.Steps[:unread+1], "it has no socket"
		}, true},
	} {
		happened := predicted
		happened.Steps = slices.Clone(predicted.Steps)
		test.change(&happened)
		if got := model.Agrees(predicted, happened); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if got, want := model.Doubted(predicted, happened), test.want && test.name != "the same"; got != want {
			t.Errorf("%s is doubted: %v, want %v", test.name, got, want)
		}
	}
}
