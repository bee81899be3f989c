package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stored returns the names of the recordings in testdata.
func stored(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("recordings in testdata: %d, %v", len(files), err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

// load returns a recording of testdata.
func load(t testing.TB, name string) *evidence.Recording {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := evidence.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// handMade are the recordings in testdata that no spec gives. They stand for
// what takes another system, a setting that no scenario makes, or the programs of
// packages.
var handMade = []string{
	"accept_queue_overflow", "calls_only", "keepalive_gives_up", "reset_that_never_left", "sshd_drops_ssh",
}

// The other recordings are of the specs that testdata/specs names, as make
// recordings writes them.
func TestRecordingsAreOfSpecs(t *testing.T) {
	list, err := os.ReadFile("testdata/specs")
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Clone(handMade)
	for line := range strings.Lines(string(list)) {
		name, spec, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		known = append(known, name)
		r := load(t, name)
		if r.Spec != spec || r.Level != evidence.Observed || len(r.Missing) > 0 || r.LostPackets+r.LostEvents > 0 {
			t.Errorf("%s is of %q (%s, without %v), want %q, observed with nothing missing", name, r.Spec,
				r.Level, r.Missing, spec)
		}
	}
	slices.Sort(known)
	if names := stored(t); !slices.Equal(names, known) {
		t.Errorf("the recordings are %q, want %q", names, known)
	}
}

// golden compares got with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs, -update accepts it; got:\n%s\nwant:\n%s", path, got, want)
	}
}
