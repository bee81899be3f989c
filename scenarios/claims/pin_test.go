package claims_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// pinned returns what is pinned, by the paths of the files.
func pinned(t *testing.T) map[string]claims.PinsBy {
	t.Helper()
	toys, err := filepath.Glob("../testdata/pinned/*.txt")
	real, realErr := filepath.Glob("../real/testdata/pinned/*.txt")
	if err = errors.Join(err, realErr); err != nil || len(toys) == 0 || len(real) == 0 {
		t.Fatalf("pinned are %q and %q: %v", toys, real, err)
	}
	all := map[string]claims.PinsBy{}
	for _, path := range append(toys, real...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pins, err := claims.ParsePins(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[path] = pins
	}
	return all
}

// again makes a run of specs of which each made one of the pinned observations.
func again(pins claims.PinsBy) []claims.Run {
	var runs []claims.Run
	for by, its := range pins {
		var programs []string
		if by != "" {
			for program := range strings.SplitSeq(by, ", ") {
				programs = append(programs, strings.Fields(program)[0])
			}
		}
		for id, pin := range its {
			for o, times := range pin.Saw {
				for range times {
					runs = append(runs, claims.Run{About: []claims.ID{id}, State: claims.Passed,
						Programs: programs, By: by, Saw: []claims.Observation{o}})
				}
			}
		}
	}
	return runs
}

// TestPinned: every claim is pinned by toys, those that they speak to by real
// programs, and a verdict is what is computed of the observations that are pinned
// with it.
func TestPinned(t *testing.T) {
	for path, pins := range pinned(t) {
		if toys := len(pins[""]); toys != 55 && (toys != 0 || len(pins) == 0) {
			t.Errorf("%s: %d claims are pinned by toys, want 55", path, toys)
		}
		if changes, news := claims.Pinned(again(pins)).Changes(pins); len(changes)+len(news) > 0 {
			t.Errorf("%s: the pinned observations do not make the pinned verdicts:\n%s\n%s",
				path, strings.Join(changes, "\n"), strings.Join(news, "\n"))
		}
	}
}

// TestFlippingAPinnedObservation turns every observation of a whole run over,
// one after the other: each is a change, of its claim by its programs and of no
// other.
func TestFlippingAPinnedObservation(t *testing.T) {
	seen := map[claims.ID][]string{}
	for _, c := range claims.All() {
		seen[c.ID] = c.Seen
	}
	for path, pins := range pinned(t) {
		runs := again(pins)
		for i, run := range runs {
			before := run.Saw[0]
			after := before
			if after.Saw = seen[before.Claim][0]; after.Saw == before.Saw {
				after.Saw = "something else"
			}
			want := "claim " + string(before.Claim) + " · "
			if run.By != "" {
				want += run.By + " · "
			}
			runs[i].Saw = []claims.Observation{after}
			changes, news := claims.Pinned(runs).Changes(pins)
			if len(changes) != 1 || !strings.HasPrefix(changes[0], want) || len(news) > 0 {
				t.Errorf("%s: %v, and not %v: the changes are %q, and news %q", path, after, before, changes, news)
			}
			runs[i].Saw = []claims.Observation{before}
		}
	}
}

// TestChangesByVersion: with a version that nothing is known of everything is
// news, compared with one of the same programs.
func TestChangesByVersion(t *testing.T) {
	const old, newer = "haproxy 2.6, java 17", "haproxy 3.0, java 21"
	found := func(version, saw string) claims.PinsBy {
		run := by(claims.ProbeSuccess, version, claims.Passed, saw)
		if version == "haproxy 2.6" {
			run.Programs = run.Programs[:1]
		}
		return claims.Pinned([]claims.Run{run})
	}
	for _, test := range []struct {
		name          string
		by, saw       string
		changes, news int
	}{
		{"as measured", old, "never accepted", 0, 0},
		{"otherwise than measured", old, "accepted, then read: reset", 1, 0},
		{"another version, the same", newer, "never accepted", 0, 1},
		{"another version, otherwise", newer, "accepted, then read: reset", 0, 2},
		{"other programs", "haproxy 2.6", "never accepted", 0, 1},
	} {
		changes, news := found(test.by, test.saw).Changes(found(old, "never accepted"))
		if len(changes) != test.changes || len(news) != test.news {
			t.Errorf("%s: the changes are %q, and news %q", test.name, changes, news)
		}
	}
}

// TestChangesOfAPartlyRun: what was not judged is no change; what is new is.
func TestChangesOfAPartlyRun(t *testing.T) {
	reset := claims.Observation{Claim: claims.GoRead, Saw: "read: reset"}
	pins := claims.PinsBy{"": {claims.GoRead: {Word: "holds", Saw: map[claims.Observation]int{reset: 1}}}}
	about := []claims.ID{claims.GoRead}
	passed := claims.Run{About: about, State: claims.Passed, Saw: []claims.Observation{reset}}
	for _, test := range []struct {
		name     string
		runs     []claims.Run
		expected claims.PinsBy
		want     []string
	}{
		{"nothing ran", nil, pins, nil},
		{"a spec failed", []claims.Run{passed, {About: about, State: claims.Failed}}, pins, nil},
		{"as before", []claims.Run{passed}, pins, nil},
		{"one spec more", []claims.Run{passed, passed}, pins, []string{
			"claim go-read · holds as before, by other observations: 2 × read: reset, and not: 1 × read: reset"}},
		{"never measured", []claims.Run{passed}, claims.PinsBy{"": {}}, []string{
			"claim go-read · holds, and nothing was expected"}},
		{"another verdict", []claims.Run{passed}, claims.PinsBy{"": {claims.GoRead: {Word: "holds if unread"}}}, []string{
			"claim go-read · holds, and not: holds if unread"}},
	} {
		if got, _ := claims.Pinned(test.runs).Changes(test.expected); !reflect.DeepEqual(got, test.want) {
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
		{"no end of the programs", "[java 17\ngo-read: holds\n", "line 1"},
		{"no programs", "[]\n", "line 1"},
		{"programs twice", "[java 17]\ngo-read: holds\n[java 17]\n", "line 3"},
		{"an observation of no claim of the programs'", "go-read: holds\n[java 17]\n  1 × read: reset\n", "line 3"},
	} {
		if _, err := claims.ParsePins(test.text); err == nil || !strings.HasPrefix(err.Error(), test.wrong+": ") {
			t.Errorf("%s: %v, want %s named", test.name, err, test.wrong)
		}
	}
}

func FuzzParsePins(f *testing.F) {
	f.Add("# measured\ngo-read: holds\n  2 × read: reset | if unread\n")
	f.Add("go-write: differs on linux: write: reset; holds on macOS and BSD\n  1 × write: broken-pipe\n")
	f.Add("[haproxy 2.6, java 17]\nprobe-success: holds\n  2 × never accepted\n[java 17]\n")
	f.Fuzz(func(t *testing.T, text string) {
		pins, err := claims.ParsePins(text)
		if err != nil {
			return
		}
		same := func(a, b claims.Pin) bool { return a.Word == b.Word && maps.Equal(a.Saw, b.Saw) }
		sameBy := func(a, b claims.Pins) bool { return maps.EqualFunc(a, b, same) }
		if again, err := claims.ParsePins(pins.String()); err != nil || !maps.EqualFunc(again, pins, sameBy) {
			t.Errorf("%q: written and read again it is %v, %v, want %v", text, again, err, pins)
		}
	})
}
