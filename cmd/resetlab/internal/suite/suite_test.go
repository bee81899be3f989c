package suite_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

func TestMain(m *testing.M) {
	suite.Be() // a round re-executes this binary
	os.Exit(m.Run())
}

const politely = "Closing with unread data finishes politely when nothing is unread"

// TestScenarios: names and texts can be used to name a thing.
func TestScenarios(t *testing.T) {
	names, texts := map[string]bool{}, map[string]bool{}
	for _, s := range suite.Scenarios() {
		if names[s.Name] || s.Name == "" || s.Title == "" || len(s.Specs) == 0 {
			t.Errorf("scenario %+v is there twice, or lacks something", s)
		}
		names[s.Name] = true
		for _, spec := range s.Specs {
			if texts[spec.Text] || !strings.HasPrefix(spec.Text, s.Title+" ") {
				t.Errorf("spec %q is there twice, or not under the title %q", spec.Text, s.Title)
			}
			texts[spec.Text] = true
		}
	}
	if !names["closing-with-unread-data"] {
		t.Errorf("closing-with-unread-data is not among %v", names)
	}
}

func TestLabelled(t *testing.T) {
	found, err := suite.Labelled(suite.Scenarios(), "cause: containsAny refused")
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) bool {
		return slices.ContainsFunc(found, func(s suite.Scenario) bool { return s.Name == name })
	}
	if !named("refusing-a-connection") || named("closing-with-unread-data") {
		t.Errorf("found %v", found)
	}
}

// TestRun runs one spec of several, and hands over what it saw and recorded.
func TestRun(t *testing.T) {
	var results []suite.Result
	err := suite.Run(t.Context(), suite.Order{Specs: []string{politely}, Record: true}, func(r suite.Result) {
		results = append(results, r)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Spec != politely {
		t.Fatalf("got %+v, want the one spec", results)
	}
	r := results[0]
	if r.State != suite.Passed || len(r.Outcomes) != 1 || r.Outcomes[0].First() != "read: finished" {
		t.Errorf("got %+v, want a client that read the end of the stream", r)
	}
	if len(r.Recordings) != 1 || r.Recordings[0].Scenario != politely || len(r.Recordings[0].Events) == 0 {
		t.Errorf("got %d recordings, want one of %q", len(r.Recordings), politely)
	}
}

// TestRunStops: when the context ends, so does the round, with nothing left.
func TestRunStops(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var specs []string
	for _, s := range suite.Scenarios() {
		for _, spec := range s.Specs {
			specs = append(specs, spec.Text)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := 0
	err := suite.Run(ctx, suite.Order{Specs: specs, Record: true}, func(suite.Result) {
		ended++
		cancel()
	})
	if !errors.Is(err, context.Canceled) || ended == len(specs) {
		t.Errorf("%d of %d specs ended, %v; want %v", ended, len(specs), err, context.Canceled)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestBadOrder: a child without its order says so in a line.
func TestBadOrder(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "RESETLAB_ROUND=1")
	said, err := child.CombinedOutput()
	if child.ProcessState.ExitCode() != 2 || strings.Count(string(said), "\n") != 1 {
		t.Errorf("%v, said %q, want status 2 and one line", err, said)
	}
}

// TestTextsAreSentences: an entry of a table without a description of its own
// is called "Entry: …" by Ginkgo.
func TestTextsAreSentences(t *testing.T) {
	for _, scenario := range suite.Scenarios() {
		for _, spec := range scenario.Specs {
			if strings.Contains(spec.Text, "Entry:") {
				t.Errorf("%s: want the entry of %q to say what it is about", spec.Text, spec.Table)
			}
		}
	}
}
