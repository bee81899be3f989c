package harness_test

import (
	"fmt"
	"slices"
	"testing"
)

// A comparison sets the faithful proxy against a plain toxiproxy. Both are
// measured in turn, and the ratio is the median of many short pairs: what else
// the machine does falls on both alike.
type comparison struct {
	name  string
	bar   string // "<=" or ">=" and the bound
	pairs int
	set   func(b *testing.B) (faithful, stock func() float64)
	ratio func(faithful, stock float64) float64
}

func cost(faithful, stock float64) float64  { return faithful / stock }
func speed(faithful, stock float64) float64 { return stock / faithful } // of two durations

// BenchmarkAgainstStock prints each ratio, once a run, as
//
//	ratio NAME VALUE bar BOUND
//
// and fails where one misses its bar.
func BenchmarkAgainstStock(b *testing.B) {
	var lines []string
	for _, c := range []comparison{
		{"faithful_cycle", "<=1.10", 2000, cycles, cost},
		{"throughput", ">=0.95", 400, streams(nil, ""), speed},
		{"throughput_latency", ">=0.90", 400, streams(attributes{"latency": 0}, "latency"), speed},
		{"throughput_bandwidth", ">=0.90", 400, streams(attributes{"rate": 1 << 30}, "bandwidth"), speed},
		{"idle_memory", "<=1.00", 5, idleMemory, cost},
		{"fault_cycle", "<=0.50", 500, faultCycles, cost},
	} {
		b.Run(c.name, func(b *testing.B) {
			faithful, stock := c.set(b)
			var ratios []float64
			for b.Loop() {
				for i := range c.pairs {
					var f, s float64
					if i%2 == 0 {
						f, s = faithful(), stock()
					} else {
						s, f = stock(), faithful()
					}
					ratios = append(ratios, c.ratio(f, s))
				}
			}
			slices.Sort(ratios)
			median := ratios[len(ratios)/2]
			b.ReportMetric(median, "ratio")
			b.ReportMetric(0, "ns/op") // a pair of measurements has no useful time
			lines = append(lines, fmt.Sprintf("ratio %s %.2f bar %s", c.name, median, c.bar))
			if !within(median, c.bar) {
				b.Errorf("%s is %.3f of a plain toxiproxy, the bar is %s", c.name, median, c.bar)
			}
		})
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}

// within says whether a value is on the right side of a bar.
func within(value float64, bar string) bool {
	var bound float64
	fmt.Sscanf(bar[2:], "%g", &bound)
	if bar[0] == '<' {
		return value <= bound
	}
	return value >= bound
}
