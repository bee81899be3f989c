package diagnose_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// recorded returns the recordings of real runs that package report is tested
// with, by name.
func recorded(t *testing.T) map[string]*evidence.Recording {
	t.Helper()
	files, err := filepath.Glob("../../report/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d recordings", err, len(files))
	}
	recordings := map[string]*evidence.Recording{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		recordings[filepath.Base(file)] = r
	}
	return recordings
}

// TestRecordingsOfRealRuns finds the verdicts of real runs anew.
func TestRecordingsOfRealRuns(t *testing.T) {
	byHand := map[string]bool{ // no run has made these, and their verdicts were written
		"accept_queue_overflow.json": true, "calls_only.json": true, "keepalive_gives_up.json": true,
		"reset_that_never_left.json": true,
	}
	for name, r := range recorded(t) {
		if byHand[name] {
			continue
		}
		want := r.Resets
		judge(r)
		if !reflect.DeepEqual(r.Resets, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, r.Resets, want)
		}
	}
}

// TestEveryRuleDecidesSomewhere looks for a situation for each line of the
// tables.
func TestEveryRuleDecidesSomewhere(t *testing.T) {
	recordings := recorded(t)
	recordings["several RSTs"] = severalRSTs()
	for _, s := range situations() {
		recordings[s.name] = s.recording()
	}
	decided := map[string]bool{}
	for _, r := range recordings {
		for _, verdict := range diagnose.Recording(r) {
			for _, rule := range verdict.Rules {
				decided[rule] = true
			}
		}
	}
	for _, rule := range diagnose.RuleNames() {
		if !decided[rule] {
			t.Errorf("no situation is decided by %q", rule)
		}
	}
}
