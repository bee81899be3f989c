package run_test

import (
	"runtime"
	"testing"

	"github.com/resetlab/resetlab/harness/script/run"
)

// TestMemoryIsFlat: a runner keeps nothing of the scripts that it has run, neither
// memory nor descriptors, recorded or not.
func TestMemoryIsFlat(t *testing.T) {
	const warm, bound = 20, 256 << 10
	for _, test := range []struct {
		name    string
		options run.Options
		scripts int
	}{
		{"bare", run.Options{}, 400},
		{"recorded", run.Options{Evidence: true}, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, s := start(t, test.options), parse(t, eightCalls)
			repeat := func(n int) uint64 {
				for range n {
					once(t, r, s)
				}
				return heap()
			}
			before := repeat(warm)
			open := held(t)
			after := repeat(test.scripts)
			t.Logf("heap %d KiB after %d scripts, %d KiB after %d more", before>>10, warm, after>>10, test.scripts)
			if after > before+bound {
				t.Errorf("the heap grew by %d KiB in %d scripts, want at most %d", (after-before)>>10, test.scripts, bound>>10)
			}
			if now := held(t); now != open {
				t.Errorf("%v, and before these scripts %v", now, open)
			}
		})
	}
}

// heap is how many bytes are in use (runtime.MemStats); what finalizers still have
// is gone after two collections.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
