package model_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/examples"
)

// eightCalls is the cycle of a connection that is reset.
const eightCalls = `listener listen; client connect; server accept
client write "ab"; server read 1; server close; client read 1; client close`

// BenchmarkPredict prints how many scripts are predicted in a second, by one
// processor: one of eight calls, and the examples of the notation.
func BenchmarkPredict(b *testing.B) {
	one, err := script.Parse(eightCalls)
	if err != nil {
		b.Fatal(err)
	}
	all, err := examples.All()
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		fmt.Printf("\ngoal predictions %.0f a second of eight calls, over 20000\n", rate(one))
		fmt.Printf("goal predictions_examples %.0f a second\n", rate(all))
		few, many := heapAfter(one, 1000), heapAfter(one, 100_000)
		fmt.Printf("ratio predictions_memory %.3f bar <=1.05\n", float64(many)/float64(few))
		fmt.Printf("goal predictions_memory_few %d KiB after 1,000, %d KiB after 100,000\n", few>>10, many>>10)
	}
}

// rate is how many scripts are predicted in a second.
func rate(scripts []script.Script) float64 {
	const least = 40_000
	done, began := 0, time.Now()
	for done < least {
		for _, s := range scripts {
			model.Outcomes(s)
			done++
		}
	}
	return float64(done) / time.Since(began).Seconds()
}

// TestMemoryIsFlat: the model keeps nothing of the scripts that it has predicted.
func TestMemoryIsFlat(t *testing.T) {
	scripts, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	const bound = 64 << 10
	before := heapAfter(scripts, 1000)
	after := heapAfter(scripts, 10_000)
	t.Logf("heap %d KiB after 1,000 predictions, %d KiB after 10,000 more", before>>10, after>>10)
	if after > before+bound {
		t.Errorf("the heap grew by %d KiB in 10,000 predictions, want at most %d", (after-before)>>10, bound>>10)
	}
}

// heapAfter is how many bytes are in use when so many scripts were predicted.
func heapAfter(scripts []script.Script, n int) uint64 {
	for i := range n {
		model.Outcomes(scripts[i%len(scripts)])
	}
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
