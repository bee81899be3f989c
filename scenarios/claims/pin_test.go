package claims_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// pinned returns what is pinned, by the kernel's name.
func pinned(t *testing.T) map[string]claims.Pins {
	t.Helper()
	paths, err := filepath.Glob("../testdata/pinned/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pinned verdicts: %v", err)
	}
	all := map[string]claims.Pins{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pins, err := claims.ParsePins(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".txt")] = pins
	}
	return all
}

// again makes a run of specs of which each made one of the pinned observations.
func again(pins claims.Pins) []claims.Run {
	var runs []claims.Run
	for id, pin := range pins {
		for o, times := range pin.Saw {
			for range times {
				runs = append(runs, claims.Run{
					About: []claims.ID{id}, State: claims.Passed, Saw: []claims.Observation{o},
				})
			}
		}
	}
	return runs
}

// TestPinned: every claim is pinned, and its verdict is what is computed of the
// observations that are pinned with it.
func TestPinned(t *testing.T) {
	for kernel, pins := range pinned(t) {
		if len(pins) != 55 {
			t.Errorf("%s: %d claims are pinned, want 55", kernel, len(pins))
		}
		if changes := claims.Pinned(again(pins)).Changes(pins); len(changes) > 0 {
			t.Errorf("%s: the pinned observations do not make the pinned verdicts:\n%s", kernel, strings.Join(changes, "\n"))
		}
	}
}

// TestFlippingAPinnedObservation turns every observation of a whole run over,
// one after the other: each is a change, of its claim and of no other.
func TestFlippingAPinnedObservation(t *testing.T) {
	seen := map[claims.ID][]string{}
	for _, c := range claims.All() {
		seen[c.ID] = c.Seen
	}
	for kernel, pins := range pinned(t) {
		runs := again(pins)
		for i, run := range runs {
			before := run.Saw[0]
			after := before
			if after.Saw = seen[before.Claim][0]; after.Saw == before.Saw {
				after.Saw = "something else"
			}
			runs[i].Saw = []claims.Observation{after}
			changes := claims.Pinned(runs).Changes(pins)
			if len(changes) != 1 || !strings.HasPrefix(changes[0], "claim "+string(before.Claim)+" · ") {
				t.Errorf("%s: %v, and not %v: the changes are %q", kernel, after, before, changes)
			}
			runs[i].Saw = []claims.Observation{before}
		}
	}
}

// TestChangesOfAPartlyRun: what was not judged is no change; what is new is.
func TestChangesOfAPartlyRun(t *testing.T) {
	reset := claims.Observation{Claim: claims.GoRead, Saw: "read: reset"}
	pins := claims.Pins{claims.GoRead: {Word: "holds", Saw: map[claims.Observation]int{reset: 1}}}
	about := []claims.ID{claims.GoRead}
	passed := claims.Run{About: about, State: claims.Passed, Saw: []claims.Observation{reset}}
	for _, test := range []struct {
		name     string
		runs     []claims.Run
		expected claims.Pins
		want     []string
	}{
		{"nothing ran", nil, pins, nil},
		{"a spec failed", []claims.Run{passed, {About: about, State: claims.Failed}}, pins, nil},
		{"as before", []claims.Run{passed}, pins, nil},
		{"one spec more", []claims.Run{passed, passed}, pins, []string{
			"claim go-read · holds as before, by other observations: 2 × read: reset, and not: 1 × read: reset"}},
		{"never measured", []claims.Run{passed}, claims.Pins{}, []string{
			"claim go-read · holds, and nothing was expected"}},
		{"another verdict", []claims.Run{passed}, claims.Pins{claims.GoRead: {Word: "holds if unread"}}, []string{
			"claim go-read · holds, and not: holds if unread"}},
	} {
		if got := claims.Pinned(test.runs).Changes(test.expected); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestParsePins(t *testing.T) {
	for _, test := range []struct{ name, text, wrong string }{
		{"no observation's number", "go-read: holds\n  read: reset\n", "line 2"},
		{"none at all", "go-read: holds\n  0 × read: reset\n", "line 2"},
		{"an observation of nothing", "\n# pinned\n  1 × read: reset\n", "line 3"},
		{"no such claim", "go-red: holds\n", "line 1"},
		{"no verdict", "go-read\n", "line 1"},
		{"a claim twice", "go-read: holds\ngo-read: holds\n", "line 2"},
	} {
		if _, err := claims.ParsePins(test.text); err == nil || !strings.HasPrefix(err.Error(), test.wrong+": ") {
			t.Errorf("%s: %v, want %s named", test.name, err, test.wrong)
		}
	}
}

func FuzzParsePins(f *testing.F) {
	f.Add("# measured\ngo-read: holds\n  2 × read: reset | if unread\n")
	f.Add("go-write: differs on linux: write: reset; holds on macOS and BSD\n  1 × write: broken-pipe\n")
	f.Fuzz(func(t *testing.T, text string) {
		pins, err := claims.ParsePins(text)
		if err != nil {
			return
		}
		same := func(a, b claims.Pin) bool { return a.Word == b.Word && maps.Equal(a.Saw, b.Saw) }
		if again, err := claims.ParsePins(pins.String()); err != nil || !maps.EqualFunc(again, pins, same) {
			t.Errorf("%q: written and read again it is %v, %v, want %v", text, again, err, pins)
		}
	})
}
