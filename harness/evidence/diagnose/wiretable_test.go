package diagnose_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	recordRuns  = flag.String("recordings", "", "store what is blindly diagnosed anew, from this file of 'resetlab run --all --json'")
	storeTwins  = flag.String("twins", "", "likewise the twins, from this file of 'resetlab try --recording'")
	storeScenes = flag.String("scenes", "", "likewise the scenes between two hosts, from this file of -record-scenes")
)

// What is blindly diagnosed, and where what comes of it is printed.
const (
	recordingsStore = "testdata/recordings.json.gz"
	twinsStore      = "testdata/twins.json.gz"
	scenesStore     = "testdata/scenes.json.gz"
	wireTable       = "../../../scenarios/WIRE.md"
)

// A tally is what became of the trials of a scenario.
type tally struct {
	trials         int
	who, why       map[judgement]int
	open           map[openness]int
	pictures, like []string
}

func newTally() *tally {
	return &tally{who: map[judgement]int{}, why: map[judgement]int{}, open: map[openness]int{}}
}

// add enters a trial.
func (of *tally) add(t *trial, by twins) {
	of.trials++
	of.who[t.who()]++
	of.why[t.why()]++
	why, twin := by.openness(t)
	of.open[why]++
	if !slices.Contains(of.pictures, t.found.Picture) {
		of.pictures = append(of.pictures, t.found.Picture)
	}
	if why == twinned && !slices.Contains(of.like, twin) {
		of.like = append(of.like, twin)
	}
}

// row is a line of the table.
func (of *tally) row(name, pictures, like string) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %s | %s |\n", name, of.trials,
		of.who[right], of.who[open], of.who[wrong], of.why[right], of.open[twinned], of.open[ambiguous], of.open[viewed],
		of.why[wrong]+of.why[missing]+of.open[unjust], pictures, like)
}

// table is the blind diagnosis by scenario, in Markdown.
func table(trials []trial, by twins) string {
	tallies, names, sum := map[string]*tally{}, []string{}, newTally()
	for i := range trials {
		t := &trials[i]
		if tallies[t.scenario] == nil {
			tallies[t.scenario] = newTally()
			names = append(names, t.scenario)
		}
		tallies[t.scenario].add(t, by)
		sum.add(t, by)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, tableHead, sum.trials, sum.why[right], sum.open[twinned], sum.open[ambiguous], sum.open[viewed])
	b.WriteString(sum.row("**all**", fmt.Sprintf("%d pictures", len(sum.pictures)), ""))
	for _, name := range names {
		b.WriteString(tallies[name].row(name, strings.Join(tallies[name].pictures, "; "), strings.Join(tallies[name].like, "; ")))
	}
	if rows := by.without(trials); rows != "" {
		b.WriteString(withoutHead + rows)
	}
	return b.String()
}

const tableHead = `# What the wire alone tells

Each RST of the scenarios' recordings, diagnosed from the segments alone: no calls, no kernel lane, no counters, no
states, no names, unknown systems at both ends. "Who" is where it came from and on what occasion, "why" the cause.
Made by ` + "`make wire`" + ` from the recordings in harness/evidence/diagnose/testdata, which a test diagnoses again.

An open cause is always among those that are named. It is open

- with a *twin* where a recording of another cause shows the same: the same flags, numbers, windows, options, TTL, IP
  id, order and silences, as far as TCP makes them depend on anything but the programs' conversation. It is of another
  scenario, of a script of harness/evidence/diagnose/testdata/twins.try, or of a scene of TestScenes beside that, where
  raw sockets play who forges RSTs and the devices that build their RSTs in user space;
- with *the kernel* where the kernel that sent the RST has one reason for several causes itself;
- by the *table of pictures* where no recording is its twin, but another cause is known that can look the same.

Of %d RSTs the cause is told of %d, and open with a twin of %d, with the kernel of %d, by the table alone of %d.

| scenario | RSTs | who: right | open | wrong | why: right | open: twin | kernel | table | wrong, or open without need | what was seen | what looks the same |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|
`

const withoutHead = `
These are open by the table of pictures alone.

| scenario | what was seen | the cause | what can look the same | RSTs |
|---|---|---|---|---:|
`

// TestBlind diagnoses the stored recordings of real runs blindly, and compares
// with what the kernel said: wrong with confidence is none of them, none is open
// that could be told, and told are 95 % of those that no recording of another
// cause looks like.
func TestBlind(t *testing.T) {
	anew := false
	for store, from := range map[string]string{recordingsStore: *recordRuns, twinsStore: *storeTwins, scenesStore: *storeScenes} {
		if from != "" {
			keep(t, from, store)
			anew = true
		}
	}
	trials := trialsOf(t, recordingsStore)
	all := slices.Concat(trials, trialsOf(t, twinsStore), trialsOf(t, scenesStore))
	by := pair(all)
	sum := newTally()
	for i := range all {
		who, why := all[i].who(), all[i].why()
		open, _ := by.openness(&all[i])
		sum.open[open]++
		if who == wrong || why == wrong || why == missing || open == unjust {
			t.Errorf("who %s, why %s, %s: %v", who, why, open, &all[i])
		}
	}
	if told, without := sum.open[decided], sum.open[viewed]; 20*without > told+without {
		t.Errorf("told are %d, and %d without a recorded twin are not: record twins for these", told, without)
	}
	got := table(trials, by)
	if anew {
		if err := os.WriteFile(wireTable, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(wireTable)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what the recordings give (%v); make wire writes it", wireTable, err)
	}
}

// trialsOf are the blind diagnoses of stored recordings.
func trialsOf(t *testing.T, store string) []trial {
	t.Helper()
	var trials []trial
	for _, r := range stored(t, store) {
		trials = append(trials, blind(r, whole)...)
	}
	return trials
}
