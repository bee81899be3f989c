package claims_test

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// by makes a spec of haproxy about the claim: what it saw, or that it did not
// come to that.
func by(claim claims.ID, version string, state claims.State, observations ...string) claims.Run {
	r := claims.Run{About: []claims.ID{claim}, State: state, Programs: []string{"haproxy", "java"}, By: version}
	for _, o := range saw(observations...) {
		o.Claim = claim
		r.Saw = append(r.Saw, o)
	}
	return r
}

func TestJudgeReal(t *testing.T) {
	const old, newer = "haproxy 2.6, java 17", "haproxy 3.0, java 21"
	claim := claims.Claim{ID: "c", Seen: []string{"reset"}, KnownOn: "macOS"}
	toy := claims.Run{About: []claims.ID{"c"}, State: claims.Passed, Saw: saw("finished")}
	for _, test := range []struct {
		name string
		runs []claims.Run
		want []string
	}{
		{"as stated, whatever toys saw", []claims.Run{toy, by("c", old, claims.Passed, "reset")},
			[]string{"claim c · haproxy 2.6, java 17 · holds · 1 spec"}},
		{"otherwise", []claims.Run{toy, by("c", old, claims.Passed, "nothing")},
			[]string{"claim c · haproxy 2.6, java 17 · differs: nothing · 1 spec"}},
		{"otherwise twice", []claims.Run{by("c", old, claims.Passed, "nothing"), by("c", old, claims.Passed, "nothing")},
			[]string{"claim c · haproxy 2.6, java 17 · differs: nothing · 2 specs"}},
		{"under a condition", []claims.Run{by("c", old, claims.Passed, "reset, if sent"), by("c", old, claims.Passed, "nothing, if silent")},
			[]string{"claim c · haproxy 2.6, java 17 · holds if sent · 2 specs"}},
		{"two versions", []claims.Run{by("c", old, claims.Passed, "reset"), by("c", newer, claims.Passed, "nothing")},
			[]string{"claim c · haproxy 2.6, java 17 · holds · 1 spec", "claim c · haproxy 3.0, java 21 · differs: nothing · 1 spec"}},
		{"one skipped itself, and knew no version", []claims.Run{by("c", old, claims.Passed, "reset"), by("c", "", claims.Skipped)},
			[]string{"claim c · haproxy 2.6, java 17 · incomplete · 1 of 2 specs ran"}},
		{"one failed", []claims.Run{by("c", old, claims.Passed, "reset"), by("c", old, claims.Failed)},
			[]string{"claim c · haproxy 2.6, java 17 · failed · 1 of 2 specs failed"}},
		{"none is installed", []claims.Run{toy, by("c", "", claims.Skipped)}, []string{"claim c · haproxy, java · not run"}},
		{"no real program speaks to it", []claims.Run{toy, by("other", old, claims.Passed, "reset")}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, v := range claims.JudgeReal(claim, test.runs) {
				got = append(got, v.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := claims.Judge(claim, []claims.Run{toy, by("c", old, claims.Passed, "reset")}).String(); strings.Contains(got, "holds ·") {
		t.Errorf("by toys and a real program that saw otherwise: %q", got)
	}
}

// TestTableOfReal writes the table of real programs alone, and beside that of
// the toys.
func TestTableOfReal(t *testing.T) {
	const version = "haproxy 2.6, java 17"
	real := []claims.Run{by(claims.ProbeSuccess, version, claims.Passed, "never accepted")}
	toy := claims.Run{About: []claims.ID{claims.ProbeSuccess}, State: claims.Passed,
		Saw: []claims.Observation{{Claim: claims.ProbeSuccess, Saw: "accepted, then read: reset"}}}

	alone := write(t, claims.Tabulate(real))
	if !strings.HasPrefix(alone, "claim probe-success · haproxy 2.6, java 17 · differs: never accepted · 1 spec\n    why: ") ||
		strings.Count(alone, "claim ") != 1 {
		t.Errorf("real programs alone are\n%s", alone)
	}
	both := write(t, claims.Tabulate(append(real, toy)))
	if !strings.Contains(both, "\nclaim probe-success · holds · 1 spec\n"+alone) ||
		strings.Count(both, "claim ") != 56 {
		t.Errorf("both are\n%s", both)
	}
	same := write(t, claims.Tabulate([]claims.Run{toy, by(claims.ProbeSuccess, version, claims.Passed, "accepted, then read: reset")}))
	if strings.Contains(same, "why:") {
		t.Errorf("they do not differ, and the table says why:\n%s", same)
	}
	java := claims.Run{About: []claims.ID{claims.NIOAbruptClient}, State: claims.Passed, Programs: []string{"java"}, By: "java 17",
		Saw: []claims.Observation{{Claim: claims.NIOAbruptClient, Saw: "read: reset"}}}
	if words := write(t, claims.Tabulate([]claims.Run{java})); !strings.Contains(words, "1 spec\n    words: Java 17 throws SocketException") {
		t.Errorf("by Java alone it is\n%s", words)
	}
	left := by(claims.PortCheck, "", claims.LeftOut)
	filtered := write(t, claims.Tabulate(append(real, left)))
	if strings.Contains(filtered, "port-check") || !strings.Contains(filtered, "1 of 2 specs were chosen") {
		t.Errorf("a filtered run is\n%s", filtered)
	}
}

// TestUnshown: a real program speaks to each claim, as is pinned, or it is said
// why none does.
func TestUnshown(t *testing.T) {
	text, err := os.ReadFile("../real/testdata/pinned/linux-6.18.txt")
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := claims.ParsePins(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range claims.All() {
		shown := false
		for _, pins := range pinned {
			_, speaks := pins[c.ID]
			shown = shown || speaks
		}
		if shown == (c.Unshown != "") {
			t.Errorf("%s: a real program shows it: %v, and it is said why none does: %q", c.ID, shown, c.Unshown)
		}
	}
	toy := claims.Run{About: []claims.ID{claims.Datagram}, State: claims.Passed,
		Saw: []claims.Observation{{Claim: claims.Datagram, Saw: "refused"}}}
	both := write(t, claims.Tabulate([]claims.Run{toy, by(claims.ProbeSuccess, "haproxy 2.6, java 17", claims.Passed, "never accepted")}))
	if want := "· 1 spec\n    no real program: None of the programs here speaks UDP.\n    jby: "; !strings.Contains(both, want) {
		t.Errorf("want %q in\n%s", want, both)
	}
}

func TestPinnedReal(t *testing.T) {
	const old, newer = "haproxy 2.6, java 17", "haproxy 3.0, java 21"
	toy := []claims.Observation{{Claim: claims.ProbeSuccess, Saw: "toy"}}
	pins := claims.Pinned([]claims.Run{
		{About: []claims.ID{claims.ProbeSuccess}, State: claims.Passed, Saw: toy},
		by(claims.ProbeSuccess, old, claims.Passed, "never accepted"),
		by(claims.ProbeSuccess, newer, claims.Passed, "accepted, then read: reset"),
	})
	want := "probe-success: differs on " + runtime.GOOS + ": toy\n  1 × toy\n" +
		"[" + old + "]\nprobe-success: differs: never accepted\n  1 × never accepted\n" +
		"[" + newer + "]\nprobe-success: holds\n  1 × accepted, then read: reset\n"
	if got := pins.String(); got != want {
		t.Errorf("pinned is\n%s\nwant\n%s", got, want)
	}
}

func TestPrograms(t *testing.T) {
	labels := []string{"real:haproxy", "cause:probe", "real:java"}
	if got := claims.Programs(labels); !slices.Equal(got, []string{"haproxy", "java"}) {
		t.Errorf("%v are made with %v", labels, got)
	}
	if claims.MayBeMissing(labels) || !claims.MayBeMissing(append(labels, claims.Newer("openssh-9.8")...)) {
		t.Error("what is for a newer version is not told from the others")
	}
}
