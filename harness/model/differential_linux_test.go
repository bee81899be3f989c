package model_test

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
	"github.com/resetlab/resetlab/harness/script"
)

var (
	depth  = flag.Int("depth", 1, "calls behind the start of a walk")
	random = flag.Int("random", 100, "random scripts")
	seed   = flag.Uint64("seed", 0, "of the random scripts; 0: by chance")
	only   = flag.String("walk", "", "the only walk, also for random scripts; empty: all")
	store  = flag.Bool("store", false, "write what was asked and what differs into kernels, for this kernel")
)

// A walk is an alphabet of calls, and the script with which it begins.
type walk struct {
	name         string
	start, calls []string
}

func walks(t *testing.T) (all []walk) {
	files, err := filepath.Glob("testdata/walks/*.walk")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d walks, %v", len(files), err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w := walk{name: strings.TrimSuffix(filepath.Base(file), ".walk")}
		lines := &w.start
		for scan := bufio.NewScanner(f); scan.Scan(); {
			switch line := scan.Text(); {
			case line == "calls":
				lines = &w.calls
			case line == "start", line == "", strings.HasPrefix(line, "#"):
			default:
				*lines = append(*lines, line)
			}
		}
		all = append(all, w)
	}
	return all
}

// parse reads the lines of a script; ok is false for one that is none.
func parse(lines ...[]string) (s script.Script, ok bool) {
	scripts, err := script.Parse(strings.Join(slices.Concat(lines...), "\n"))
	if err != nil || len(scripts) != 1 {
		return script.Script{}, false
	}
	return scripts[0], true
}

// questions are lines that tell in which state a script has left its ends.
// Whoever comes first takes the error: read and SO_ERROR take turns.
func questions(s script.Script, turn int) []string {
	_, names, threads := model.State(s)
	var lines []string
	verbs := []string{"state", "poll", "unacked", "unread", "recv 9 dontwait", "so_error", `send "" dontwait nosignal`, "poll"}
	if turn%2 == 1 {
		verbs = []string{"state", "poll", "so_error", "select", "unread", "recv 9 dontwait", `send "" dontwait`, "poll"}
	}
	for _, thread := range threads {
		lines = append(lines, thread+" returns")
	}
	for _, verb := range verbs {
		for _, name := range names {
			lines = append(lines, name+"/look "+verb)
		}
	}
	return lines
}

// TestDifferentialWalk makes each call in each state that a few calls can
// reach, by the shortest way there, on the kernel.
func TestDifferentialWalk(t *testing.T) {
	k := startKernel(t)
	for _, w := range walks(t) {
		if *only != "" && w.name != *only {
			continue
		}
		t.Run(w.name, func(t *testing.T) { w.walk(t, k) })
	}
	if *answers != "" && k.runner != nil {
		if err := k.known.store(*answers); err != nil {
			t.Error(err)
		}
	}
}

// TestDifferentialDiffered: what was mended stays so, on the kernel, which is also
// held against what is expected there.
func TestDifferentialDiffered(t *testing.T) {
	k := startKernel(t)
	for _, s := range differed(t) {
		if d := k.differs(s); d != "" {
			t.Errorf("%s:\n%s", s.Name(), d)
		}
		if answer, ok := k.answer(s); ok && answer.Verdict() != script.Held {
			t.Errorf("%s: %s:\n%s", s.Name(), answer.Verdict(), answer.Text())
		}
	}
}

// walk is a breadth-first search over the model's states.
func (w walk) walk(t *testing.T, k *kernel) {
	start, ok := parse(w.start)
	if !ok {
		t.Fatalf("%q is no script", w.start)
	}
	key, _, _ := model.State(start)
	seen := map[string]bool{key: true}
	level, pairs, forked, different, left, calls, unjudged := [][]string{nil}, 0, 0, 0, map[string]int{}, k.calls, k.unjudged
	for range *depth {
		var next [][]string
		for _, path := range level {
			for _, call := range w.calls {
				lines := append(slices.Clone(path), call)
				s, ok := parse(w.start, lines)
				if !ok {
					continue
				}
				outcomes := model.Outcomes(s)
				if stopped := outcomes[0].Stopped; stopped != "" {
					left[reason(stopped)]++
					if !strings.HasPrefix(stopped, model.NotModelled) {
						continue
					}
				}
				pairs++
				if d := k.differs(w.asked(k, s, lines, pairs, outcomes[0].Stopped == "")); d != "" {
					different++
					if different <= 40 {
						t.Errorf("%s\n%s", strings.Join(lines, "; "), d)
					}
				}
				if len(outcomes) > 1 {
					forked++
					continue
				}
				if key, _, _ := model.State(s); key != "" && !seen[key] {
					seen[key] = true
					next = append(next, lines)
				}
			}
		}
		level = next
	}
	calls, unjudged = k.calls-calls, k.unjudged-unjudged
	t.Logf("%d states, %d pairs, %d of them with several outcomes, %d calls, %d differences, %d pairs not judged",
		len(seen), pairs, forked, calls, different, unjudged)
	for _, what := range sorted(left) {
		t.Logf("left out %d times: %s", left[what], what)
	}
	k.store(kernels.Asked{Walk: w.name, Depth: *depth, States: len(seen), Pairs: pairs, Calls: calls, Different: different, Unjudged: unjudged})
}

// asked is a script of the walk with questions at its end, if it gets there: those
// that the kernel was asked, where its answers are recorded.
func (w walk) asked(k *kernel, s script.Script, lines []string, turn int, ends bool) script.Script {
	if k.runner == nil {
		if known, ok := parse([]string{k.known.Asked[s.String()]}); ok {
			return known
		}
	}
	whole := s
	if ends {
		if asked, ok := parse(w.start, lines, questions(s, turn)); ok {
			whole = asked
		}
	}
	k.known.Asked[s.String()] = whole.String()
	return whole
}

// reason is why an answer stopped, without where: because the script cannot be, or
// because the model does not cover it.
func reason(stopped string) string {
	kind, where := "impossible", stopped
	if rest, ok := strings.CutPrefix(stopped, model.NotModelled+": "); ok {
		kind, where = model.NotModelled, rest
	}
	parts := strings.SplitN(where, ": ", 3)
	why, _, _ := strings.Cut(parts[len(parts)-1], " in the call of line ")
	return kind + ": " + why
}

func sorted(counts map[string]int) []string {
	var keys []string
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool { return counts[keys[i]] > counts[keys[j]] })
	return keys
}
