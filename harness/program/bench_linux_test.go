package program_test

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// BenchmarkStart tells what a program costs, below a supervisor of its own and
// below one that is there already, in bare runs of it by os/exec: of one that
// does next to nothing, and of one as clients are. The two are measured in turn,
// since what else the machine has to do disturbs both alike.
func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
		bars [2]float64
	}{
		{"true", []string{"true"}, [2]float64{25, 4}},
		{"curl", []string{"curl", "--version"}, [2]float64{3.5, 2.5}},
	} {
		if _, err := exec.LookPath(c.args[0]); err != nil {
			b.Logf("%s is left out: %v", c.name, err)
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			there := supervise(b, program.Options{})
			for b.Loop() {
				var own, shared, costs []float64
				for range 101 {
					bare := took(func() error { return exec.Command(c.args[0], c.args[1:]...).Run() })
					cost := took(func() error { return below(b, c.args) })
					costs = append(costs, cost-bare)
					own = append(own, cost/bare)
					shared = append(shared, took(func() error { return start(b, there, program.Command{Args: c.args}).Err() })/bare)
				}
				tell(b, "program_"+c.name, median(own), c.bars[0])
				tell(b, "program_"+c.name+"_shared", median(shared), c.bars[1])
				b.ReportMetric(median(costs), "ms/supervisor")
				b.ReportMetric(0, "ns/op") // a pair of measurements has no useful time
			}
		})
	}
}

// below runs a program below a supervisor of its own.
func below(b *testing.B, args []string) error {
	s, err := program.Supervise(b.Context(), program.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := s.Start(b.Context(), program.Command{Args: args})
	if err != nil {
		return err
	}
	return p.Err()
}

// took is how many milliseconds something took.
func took(do func() error) float64 {
	began := time.Now()
	do()
	return float64(time.Since(began).Microseconds()) / 1000
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func tell(b *testing.B, name string, value, bar float64) {
	fmt.Printf("ratio %s %.1f bar <=%.1f\n", name, value, bar)
	if value > bar {
		b.Errorf("%s costs as much as %.1f bare runs, more than %.1f", name, value, bar)
	}
}
