package diagnose_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
)

// An openness says why a diagnosis may leave a cause open.
type openness string

const (
	decided   openness = "decided"
	twinned   openness = "a twin is recorded"         // the same picture, of another cause
	ambiguous openness = "the kernel knows no more"   // its own reason has several causes
	viewed    openness = "the table of pictures says" // that another cause can look so; no recording shows it
	unjust    openness = "UNJUST"                     // nothing else can look so
)

// A twins are trials by their canonical picture.
type twins map[string][]*trial

// pair sorts trials by picture.
func pair(trials []trial) twins {
	by := twins{}
	for i := range trials {
		by[trials[i].form] = append(by[trials[i].form], &trials[i])
	}
	return by
}

// openness says why the cause of a trial may be open, and which other cause
// makes the same picture.
func (by twins) openness(t *trial) (openness, string) {
	if t.why() == right {
		return decided, ""
	}
	own := t.causes()
	if other := by.twinOf(t); other != "" {
		return twinned, other
	}
	if len(own) > 1 {
		return ambiguous, ""
	}
	for _, name := range t.found.Causes {
		if !slices.Contains(own, name) {
			return viewed, name
		}
	}
	return unjust, ""
}

// twinOf names what looks the same as a trial and has another cause: one that is
// certain, before one that the kernel does not tell from others either. "" says
// that those that look the same may all have one cause.
func (by twins) twinOf(t *trial) string {
	var best *trial
	for i, a := range by[t.form] {
		for _, b := range by[t.form][:i] {
			if !disjoint(a.causes(), b.causes()) {
				continue
			}
			for _, twin := range []*trial{a, b} {
				if disjoint(twin.causes(), t.causes()) && (best == nil || len(twin.causes()) < len(best.causes())) {
					best = twin
				}
			}
			if best == nil { // t may be either
				best = a
			}
		}
	}
	if best == nil {
		return ""
	}
	if n := len(best.causes()); n > 1 {
		return fmt.Sprintf("one of %d (%s)", n, best.scenario)
	}
	return fmt.Sprintf("%s (%s)", best.causes()[0], best.scenario)
}

func disjoint(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// declared is the cause that a script of testdata/twins.try is named for.
func declared(spec string) string {
	_, script, _ := strings.Cut(spec, "/")
	longest := ""
	for _, c := range causes.All() {
		if strings.HasPrefix(script, c.Name) && len(c.Name) > len(longest) {
			longest = c.Name
		}
	}
	return longest
}

// without is a table of the RSTs whose cause is open although no recording shows
// another one that looks the same, in Markdown.
func (by twins) without(trials []trial) string {
	counts := map[string]int{}
	for i := range trials {
		t := &trials[i]
		if why, other := by.openness(t); why == viewed {
			counts[fmt.Sprintf("| %s | %s | %s | %s |", t.scenario, t.found.Picture, t.causes()[0], other)]++
		}
	}
	var b strings.Builder
	for _, line := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s %d |\n", line, counts[line])
	}
	return b.String()
}

// TestTwinsAreWhatTheyAreNamedFor: the kernel's reasons for the RSTs of the
// scripts are those of the causes that their names declare.
func TestTwinsAreWhatTheyAreNamedFor(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range stored(t, twinsStore) {
		for _, trial := range blind(r, whole) {
			seen[trial.spec] = true
			if names := trial.causes(); len(names) != 1 || names[0] != declared(r.Spec) {
				t.Errorf("%s: the kernel says %s/%s, which is of %q", r.Spec, trial.truth.Sender, trial.truth.Reason, names)
			}
		}
	}
	if len(seen) < 7 {
		t.Errorf("only %d scripts had a RST: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

// TestScenesAreTwins: the RSTs of the stored scenes that are of no kernel left the
// router, and each looks the same as one of another cause in a scenario, to the
// engine as well.
func TestScenesAreTwins(t *testing.T) {
	scenarios := trialsOf(t, recordingsStore)
	by := pair(scenarios)
	for _, r := range stored(t, scenesStore) {
		fromRouter(t, r)
		for _, trial := range blind(r, whole) {
			if trial.truth.Sender != evidence.Between {
				continue // what a host answered when all was over
			}
			if names := trial.causes(); len(names) != 1 || names[0] != declared(r.Spec) {
				t.Errorf("%s: its causes are %q", r.Spec, names)
			}
			if !slices.ContainsFunc(by[trial.form], trial.looksLike) {
				t.Errorf("no RST of another cause looks the same: %v, %s", &trial, trial.form)
			}
		}
	}
}

// looksLike says whether another trial with the same canonical picture shows the
// engine the same, and has another cause.
func (t *trial) looksLike(other *trial) bool {
	return t.found.Picture == other.found.Picture && disjoint(t.causes(), other.causes())
}

// fromRouter complains of a recording unless it has a RST that no kernel sent,
// and all such left the router.
func fromRouter(t *testing.T, r *evidence.Recording) {
	t.Helper()
	found := 0
	for _, reset := range r.Resets {
		if reset.Sender != evidence.Between {
			continue
		}
		found++
		path := r.Events[reset.Event].Packet.Path
		if len(path) == 0 || path[0].Host != "router" || !path[0].Leaving {
			t.Errorf("%s%s: a RST began its way at %v, want the router", r.Spec, r.Scenario, path)
		}
	}
	if found == 0 || r.Level != evidence.Observed {
		t.Errorf("%s%s: %d RSTs are of no kernel, %s", r.Spec, r.Scenario, found, r.Level)
	}
}
