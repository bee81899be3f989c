package scenarios

import (
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

// goal is how long the suite should take. It is no bar: machines differ.
const goal = time.Minute

// With RESETLAB_BENCH=1 the suite says how long it took, and what a spec costs
// in bare reset cycles of the same machine at the same time. They are figures
// to watch, without a bar.
var _ = ReportAfterSuite("the pace", func(report Report) {
	passed := report.SpecReports.WithLeafNodeType(types.NodeTypeIt).CountWithState(types.SpecStatePassed)
	if os.Getenv("RESETLAB_BENCH") != "1" || passed == 0 || report.SuiteConfig.DryRun {
		return
	}
	perSpec := report.RunTime / time.Duration(passed)
	fmt.Printf("goal suite %.1f s under %.0f\n", report.RunTime.Seconds(), goal.Seconds())
	fmt.Printf("ratio suite_per_spec %.1f bar watched\n", float64(perSpec)/float64(bareCycle()))
})

// bareCycle returns the median time of: dial, two bytes, closed with one of
// them unread, the reset read.
func bareCycle() time.Duration {
	const rounds = 301
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1))
			conn.Close()
		}
	}()
	var times []time.Duration
	for range rounds {
		start := time.Now()
		conn, err := net.Dial("tcp", listener.Addr().String())
		Expect(err).NotTo(HaveOccurred())
		conn.Write([]byte("ab"))
		conn.Read(make([]byte, 1)) // the reset
		conn.Close()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[rounds/2]
}
