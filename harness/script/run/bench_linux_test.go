package run_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// eightCalls is the cycle of a connection that is reset.
const eightCalls = `listener listen; client connect; server accept
client write "ab"; server read 1; server close; client read 1; client close`

// BenchmarkScript prints what a script costs that is recorded, in cycles of a
// recorded lab.Conn, each from the start of its recording to its analysis. The
// two take turns; the figure is the median of the pairs.
func BenchmarkScript(b *testing.B) {
	const rounds, bar = 51, 4.0
	runner, s := start(b, run.Options{Evidence: true}), parse(b, eightCalls)
	lanes := capture.Open()
	b.Cleanup(func() { lanes.Close() })
	for range b.N {
		var ratios, scripts []float64
		for range rounds {
			began := time.Now()
			recorded := once(b, runner, s)
			script := time.Since(began)
			began = time.Now()
			same := recordCycle(b, lanes)
			conn := time.Since(began)
			if len(recorded.Resets) != 1 || len(same.Resets) != 1 {
				b.Fatalf("%d RSTs of the script and %d of the connection, want one each", len(recorded.Resets), len(same.Resets))
			}
			ratios = append(ratios, float64(script)/float64(conn))
			scripts = append(scripts, float64(script)/1e6)
		}
		ratio := median(ratios)
		fmt.Printf("\nratio script_recorded %.2f bar <=%.0f\n", ratio, bar)
		fmt.Printf("goal script_recorded %.1f ms, watched\n", median(scripts))
		if ratio > bar {
			b.Errorf("a recorded script of eight calls takes %.2f cycles of a recorded connection, want at most %.0f", ratio, bar)
		}
	}
}

// recordCycle records a connection that is reset.
func recordCycle(b *testing.B, lanes *capture.Lanes) *evidence.Recording {
	b.Helper()
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		b.Fatal(err)
	}
	recorder, err := record.Start(l, b.Name(), record.Options{Lanes: lanes})
	if err != nil {
		b.Fatal(err)
	}
	server, err := lab.Serve(l.Host("server"), func(_ context.Context, c *lab.Conn) {
		c.Read(make([]byte, 1))
		c.Close()
	})
	if err != nil {
		b.Fatal(err)
	}
	c, err := l.Host("client").Dial(b.Context(), server.Addr())
	if err != nil {
		b.Fatal(err)
	}
	c.Write([]byte("ab"))
	c.Read(make([]byte, 1)) // the reset
	c.Close()
	<-server.Outcomes()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	recording, err := recorder.Stop()
	if err != nil {
		b.Fatal(err)
	}
	return recording
}

// BenchmarkScripts prints how many scripts of eight calls are run in a second,
// without evidence, by a runner on each processor.
func BenchmarkScripts(b *testing.B) {
	const scripts = 400 // of each runner
	var runners []*run.Runner
	for range runtime.GOMAXPROCS(0) {
		runners = append(runners, start(b, run.Options{}))
	}
	s := parse(b, eightCalls)
	for range b.N {
		var all sync.WaitGroup
		began := time.Now()
		for _, r := range runners {
			all.Go(func() {
				for range scripts {
					once(b, r, s)
				}
			})
		}
		all.Wait()
		rate := float64(scripts*len(runners)) / time.Since(began).Seconds()
		fmt.Printf("\ngoal scripts %.0f a second on %d processors, over 200 on 2\n", rate, len(runners))
		few := heap()
		for range 2000 {
			once(b, runners[0], s)
		}
		fmt.Printf("ratio scripts_memory %.3f bar <=1.05\n", float64(heap())/float64(few))
	}
}

// once runs a script, which must get to its end.
func once(t testing.TB, r *run.Runner, s script.Script) *evidence.Recording {
	t.Helper()
	result, err := r.Run(t.Context(), s)
	if err != nil || result.Answer.Stopped != "" || len(result.Answer.Waiting) > 0 {
		t.Errorf("%v\n%s", err, result.Answer.Text())
	}
	return result.Recording
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
