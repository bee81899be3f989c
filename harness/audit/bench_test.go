package audit_test

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// rounds is how often what is compared is measured, one after the other.
const rounds = 5

// median returns the median of what measure returns in all rounds.
func median(measure func() float64) float64 {
	var all []float64
	for range rounds {
		all = append(all, measure())
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// perExchange is the time of one exchange of a fresh client of the subject,
// through a proxy that runs already, one after the other.
func perExchange(b *testing.B, s audit.Subject, proxy *harness.Proxy, shape string) time.Duration {
	const exchanges = 300
	began := time.Now()
	for i := range exchanges {
		client, err := s.Open(b.Context(), audit.Target{Address: proxy.Addr()})
		if err != nil {
			b.Fatal(err)
		}
		call := audit.Call{ID: fmt.Sprintf("bench-%07d", i), Operation: point.Read, Shape: shape, Address: proxy.Addr()}
		if answer := client.Do(b.Context(), call); answer.Err != nil {
			b.Fatal(answer.Err)
		}
		client.Close()
	}
	return time.Since(began) / exchanges
}

func startProxy(b *testing.B, s audit.Subject) *harness.Proxy {
	b.Helper()
	proxy, err := harness.StartProxy(s.Origin.Addr())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { proxy.Close() })
	return proxy
}

// BenchmarkMatrix prints the time of a cell of the HTTP matrix, in multiples of
// a proxied exchange of the same client.
func BenchmarkMatrix(b *testing.B) {
	origin, err := origins.StartHTTP()
	if err != nil {
		b.Fatal(err)
	}
	defer origin.Close()
	s := subjects.HTTP("net/http", origin, func() *http.Client { return &http.Client{Transport: &http.Transport{}} })
	proxy := startProxy(b, s)
	for range b.N {
		fmt.Printf("ratio audit_matrix_cell %.2f bar <=3\n", median(func() float64 {
			exchange := perExchange(b, s, proxy, "")
			report, err := audit.Run(b.Context(), s, audit.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if len(report.Cells) < 72 {
				b.Errorf("the matrix has %d cells, want 72 and more", len(report.Cells))
			}
			return float64(report.Duration) / float64(len(report.Cells)) / float64(exchange)
		}))
	}
}

// paddedAsk sends requests of 1 KiB; replies are of the shape of the call.
func paddedAsk(conn net.Conn, request string) (string, error) {
	const size = 1 << 10
	request = strings.TrimSuffix(request, "\n") + " "
	if strings.Count(request, " ") < 3 {
		request += "0 " // the shape of the shortest reply: the padding is none
	}
	return ask(conn, request+strings.Repeat(".", size-1-len(request))+"\n")
}

// BenchmarkSweep prints the time of a cell of a full sweep, in multiples of a
// proxied exchange, and what a cell takes in a long sweep compared with a short.
func BenchmarkSweep(b *testing.B) {
	s := subject(b, func() audit.Client { return &planted{exchange: paddedAsk} })
	proxy := startProxy(b, s)
	sweep := func(stride int64) (perCell float64, cells int) {
		began := time.Now()
		report, err := audit.Sweep(b.Context(), s, audit.SweepOptions{Shape: "4096", Stride: stride})
		if err != nil {
			b.Fatal(err)
		}
		return float64(time.Since(began)) / float64(report.Cells), report.Cells
	}
	for range b.N {
		fmt.Printf("ratio audit_sweep_cell %.2f bar <=2\n", median(func() float64 {
			exchange := perExchange(b, s, proxy, "4096")
			perCell, cells := sweep(1)
			if cells < 10_000 {
				b.Errorf("the sweep has %d cells, want 10,000 and more", cells)
			}
			b.ReportMetric(perCell*float64(cells)/1e9, "s/sweep")
			return perCell / float64(exchange)
		}))
	}
}

// BenchmarkGrowth prints what a cell takes in time and memory when there are
// 50,000 of them, in multiples of when there are 1000.
func BenchmarkGrowth(b *testing.B) {
	s := subject(b, func() audit.Client { return &planted{exchange: ask} })
	run := func(cells int) (perCell, memory float64) {
		before := heap()
		var most uint64
		report, err := audit.Run(b.Context(), s, audit.Options{Cells: many(cells), Progress: func(done, total int, _ verdict.Result) {
			if done == total {
				most = heap()
			}
		}})
		if err != nil || len(report.Cells) != cells {
			b.Fatalf("%d cells: %v", len(report.Cells), err)
		}
		return float64(report.Duration) / float64(cells), float64(most-before) / float64(cells)
	}
	for range b.N {
		var times, memories []float64
		for range 3 {
			fewTime, fewMemory := run(1000)
			manyTime, manyMemory := run(50_000)
			times, memories = append(times, manyTime/fewTime), append(memories, manyMemory/fewMemory)
		}
		slices.Sort(times)
		slices.Sort(memories)
		fmt.Printf("ratio audit_growth_time %.2f bar <=1.15\n", times[1])
		fmt.Printf("ratio audit_growth_memory %.2f bar <=1.15\n", memories[1])
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// many returns n cells that take the same work.
func many(n int) (cells []point.Cell) {
	for i := range n {
		place := []string{"P1", "P5", "P6", "P7", "P10", "P11"}[i%6]
		cells = append(cells, point.Cell{Place: place, Fault: point.RST, Repeat: point.Once, Operation: point.Write})
	}
	return cells
}
