package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// start starts a runner, and skips the test where the machine allows none.
func start(t testing.TB, options run.Options) *run.Runner {
	t.Helper()
	r, err := run.New(options)
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func parse(t testing.TB, text string) script.Script {
	t.Helper()
	scripts, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return scripts[0]
}

// TestExamples: each example of the notation comes out as it says, whether it is
// recorded or not.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*.try")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, evidence := range []bool{false, true} {
		r := start(t, run.Options{Evidence: evidence})
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result, err := r.Run(t.Context(), parse(t, string(text)))
			if err != nil || result.Answer.Verdict() != script.Held || (result.Recording != nil) != evidence {
				t.Errorf("%s, recorded: %v: %s, %v\n%s", filepath.Base(file), evidence, result.Answer.Verdict(), err, result.Answer.Text())
			}
		}
	}
}
