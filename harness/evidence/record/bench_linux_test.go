package record_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
)

// BenchmarkRecording says what being recorded adds to a cycle of dialling,
// writing, being reset and reading that, and what the analysis behind it costs
// in such cycles.
func BenchmarkRecording(b *testing.B) {
	const rounds, bar = 31, 1.20
	none, wire, all := open(b, evidence.Calls), open(b, evidence.Wire, evidence.Counters), open(b)
	needs(b, wire, evidence.Wire)
	for range b.N {
		var bare, recorded, traced []measured
		for range rounds {
			bare = append(bare, measure(b, none))
			recorded = append(recorded, measure(b, wire))
			traced = append(traced, measure(b, all))
		}
		running := func(m measured) time.Duration { return m.run }
		stopping := func(m measured) time.Duration { return m.stop }
		overhead := ratio(recorded, running, bare)
		fmt.Printf("ratio recording_overhead %.3f bar <=%.2f\n", overhead, bar)
		fmt.Printf("ratio recording_overhead_kernel %.3f bar watched\n", ratio(traced, running, bare))
		fmt.Printf("ratio recording_analysis %.3f bar watched\n", ratio(recorded, stopping, bare))
		fmt.Printf("ratio recording_analysis_kernel %.3f bar watched\n", ratio(traced, stopping, bare))
		if overhead > bar {
			b.Errorf("a recorded cycle takes %.3f times as long, want at most %.2f", overhead, bar)
		}
	}
}

// measured is how long a run of resets took, and then to stop its recording.
type measured struct{ run, stop time.Duration }

// ratio returns the median of the ratios of rounds that followed each other,
// to running without a recording.
func ratio(rounds []measured, part func(measured) time.Duration, bare []measured) float64 {
	var ratios []float64
	for i := range rounds {
		ratios = append(ratios, float64(part(rounds[i]))/float64(bare[i].run))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// measure runs resets in a lab that is recorded with these lanes.
func measure(b *testing.B, lanes *capture.Lanes) measured {
	const cycles = 300
	_, took := fullSpeed(b, lanes, 1, cycles)
	return took
}

// BenchmarkCapture records resets at full speed and says what was lost.
func BenchmarkCapture(b *testing.B) {
	const clients, cycles = 4, 1000
	lanes := open(b, evidence.Wire, evidence.Counters)
	needs(b, lanes, evidence.Wire)
	for range b.N {
		r, _ := fullSpeed(b, lanes, clients, cycles)
		fmt.Printf("ratio recording_lost %.6f bar <=0\n",
			float64(r.LostPackets)/float64(r.LostPackets+uint64(len(r.Events))))
		if r.LostPackets > 0 || len(r.Resets) != clients*cycles {
			b.Errorf("%d resets were recorded and %d segments lost, want %d and none", len(r.Resets),
				r.LostPackets, clients*cycles)
		}
	}
}

// fullSpeed records clients that are reset as often as cycles says.
func fullSpeed(b *testing.B, lanes *capture.Lanes, clients, cycles int) (*evidence.Recording, measured) {
	b.Helper()
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		b.Fatal(err)
	}
	recorder, err := record.Start(l, b.Name(), record.Options{Lanes: lanes})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	resets(b, l, clients, cycles)
	ran := time.Since(start)
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	start = time.Now()
	recording, err := recorder.Stop()
	if err != nil {
		b.Fatal(err)
	}
	return recording, measured{run: ran, stop: time.Since(start)}
}

// resets has clients reset as often as cycles says, as fast as they can.
func resets(b *testing.B, l *lab.Lab, clients, cycles int) {
	server, err := lab.Serve(l.Host("server"), readAndClose)
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for range server.Outcomes() { // or they hold the server up
		}
	}()
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for range cycles {
				c, err := l.Host("client").Dial(b.Context(), server.Addr())
				if err != nil {
					b.Error(err)
					return
				}
				c.Write([]byte("ab"))
				c.Read(make([]byte, 1)) // the reset
				c.Close()
			}
		})
	}
	work.Wait()
}
