package suite_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

func TestMain(m *testing.M) {
	suite.Be() // a round re-executes this binary
	os.Exit(m.Run())
}

const politely = "closing-with-unread-data/nothing-unread"

// TestCatalogue: what Ginkgo knows is what the catalogue says, and names name one
// thing each.
func TestCatalogue(t *testing.T) {
	asked := map[string]catalogue.Situation{}
	for _, s := range suite.Situations() {
		asked[s.Name] = s
	}
	specs := map[string]bool{}
	for _, s := range catalogue.All() {
		here := asked[s.Name]
		here.System = s.System // which make tables finds out
		if (s.System == "" || s.System == runtime.GOOS) && !reflect.DeepEqual(s, here) {
			t.Errorf("the catalogue has\n%+v\nwhere Ginkgo has\n%+v\n'make tables' writes it anew", s, here)
		}
		delete(asked, s.Name)
		if s.Name == "" || s.Title == "" || s.Drawing == "" || s.Client == "" || s.Server == "" || s.Twin == "" || len(s.Specs) == 0 {
			t.Errorf("situation %+v lacks something", s)
		}
		for _, spec := range s.Specs {
			if specs[spec.Name] || !spec.Names(s.Name) || spec.Text != s.Title+" "+spec.Short {
				t.Errorf("spec %+v is there twice, or is not of %s", spec, s.Name)
			}
			specs[spec.Name] = true
		}
	}
	for name := range asked {
		t.Errorf("%s is not in the catalogue: 'make tables' writes it anew", name)
	}
}

func TestLabelled(t *testing.T) {
	found, err := suite.Labelled(catalogue.All(), "cause: containsAny refused")
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) bool {
		return slices.ContainsFunc(found, func(s catalogue.Situation) bool { return s.Name == name })
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
	if len(r.Recordings) != 1 || r.Recordings[0].Spec != politely || len(r.Recordings[0].Events) == 0 {
		t.Errorf("got %d recordings, want one of %q", len(r.Recordings), politely)
	}
}

// TestRunStops: when the context ends, so does the round, with nothing left.
func TestRunStops(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var specs []string
	for _, s := range suite.Situations() {
		for _, spec := range s.Specs {
			specs = append(specs, spec.Name)
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

// TestUnknownSpec: a name that no spec has fails the round, which runs nothing.
func TestUnknownSpec(t *testing.T) {
	order := suite.Order{Specs: []string{politely, "closing-with-unread-data/nonsense"}}
	err := suite.Run(t.Context(), order, func(r suite.Result) { t.Errorf("%s ran", r.Spec) })
	if err == nil || !strings.Contains(err.Error(), "there is no spec closing-with-unread-data/nonsense") {
		t.Errorf("got %v, want that there is no such spec", err)
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
	for _, scenario := range suite.Situations() {
		for _, spec := range scenario.Specs {
			if strings.Contains(spec.Text, "Entry:") {
				t.Errorf("%s: want the entry of %q to say what it is about", spec.Text, spec.Table)
			}
		}
	}
}
