package model_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
	"github.com/resetlab/resetlab/harness/script"
)

// TestDifferentialRandom makes random scripts on the kernel. One that differs is
// written down at once, with the seed and how often it differs again, and then
// made as short as it can be.
func TestDifferentialRandom(t *testing.T) {
	k := startKernel(t)
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-seed=%d", *seed)
	all := slices.DeleteFunc(walks(t), func(w walk) bool { return *only != "" && w.name != *only })
	different, left := 0, 0
	for i := range *random {
		source := rand.New(rand.NewPCG(*seed, uint64(i)))
		lines := randomLines(source, all[source.IntN(len(all))])
		s, _ := parse(lines)
		if strings.HasPrefix(model.Outcomes(s)[0].Stopped, model.NotModelled) {
			left++
		}
		difference := k.differs(s)
		if difference == "" {
			continue
		}
		different++
		if different > 20 {
			continue
		}
		t.Errorf("-seed=%d, script %d: %s\n%s", *seed, i, strings.Join(lines, "; "), difference)
		t.Logf("it differs in %d of 50 runs", k.often(s, 50))
		if fewer, again := shrink(k, lines); again != "" {
			t.Logf("as short as it can be: %s\n%s", strings.Join(fewer, "; "), again)
		}
	}
	t.Logf("%d scripts, %d left what is modelled, %d calls, %d differences, %d not judged",
		*random, left, k.calls, different, k.unjudged)
	k.store(kernels.Asked{Scripts: *random, Calls: k.calls, Different: different, Unjudged: k.unjudged})
}

// often counts the runs of a script that differ.
func (k *kernel) often(s script.Script, runs int) (different int) {
	for range runs {
		if k.differs(s) != "" {
			different++
		}
	}
	return different
}

// randomLines makes a script of 4 to 10 calls out of the calls of a walk.
func randomLines(source *rand.Rand, w walk) []string {
	lines, made := slices.Clone(w.start), 0
	for tries, want := 0, 4+source.IntN(7); made < want && tries < 100; tries++ {
		more := append(slices.Clone(lines), w.calls[source.IntN(len(w.calls))])
		s, ok := parse(more)
		if !ok || stops(s) && source.IntN(8) > 0 {
			continue
		}
		lines = more
		if made++; stops(s) {
			return lines
		}
	}
	s, _ := parse(lines)
	return append(lines, questions(s, made)...)
}

func stops(s script.Script) bool { return model.Outcomes(s)[0].Stopped != "" }

// shrink leaves out lines for as long as there is a difference, and returns what
// is left with its difference; empty if fewer lines show none.
func shrink(k *kernel, lines []string) (left []string, difference string) {
	left = lines
	for i := 0; i < len(left); {
		fewer := slices.Delete(slices.Clone(left), i, i+1)
		if s, ok := parse(fewer); ok && len(fewer) > 0 {
			if d := k.differs(s); d != "" {
				left, difference, i = fewer, d, 0
				continue
			}
		}
		i++
	}
	return left, difference
}
