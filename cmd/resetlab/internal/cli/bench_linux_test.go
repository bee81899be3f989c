package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// fullVariable asks for captures of the size for which the bars are promised.
const fullVariable = "RESETLAB_FULL"

// BenchmarkDiagnose diagnoses a capture of 100,000 connections, or of 1,000,000
// with RESETLAB_FULL=1. It has bars for the processor's time in multiples of that
// of tcpdump, which copies the file, and of tshark, which lists its connections;
// for the time of a packet in multiples of that in a capture of a tenth; and for
// the most memory.
func BenchmarkDiagnose(b *testing.B) {
	for _, program := range []string{"tcpdump", "tshark"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("%s, with which it is compared, is not there: apt-get install %s", program, program)
		}
	}
	const copiedBar = 3
	// Of the smaller capture's time the start of this program is a sixth.
	connections, listings, copiedLimit := 100_000, 3, 5.0
	if os.Getenv(fullVariable) != "" {
		connections, listings, copiedLimit = 1_000_000, 1, copiedBar // one listing: tshark takes minutes
	}
	small, few := storeCapture(b, madeCapture{connections: connections / 10, seed: 1})
	large, many := storeCapture(b, madeCapture{connections: connections, seed: 1})
	diagnose := func(file string) (float64, int64) { return cost(b, "/proc/self/exe", "diagnose", "--summary", file) }
	for range b.N {
		var copied, listed, growth []float64
		var memory int64
		for round := range 3 { // all in turn, so that what disturbs the machine disturbs all
			ofFew, _ := diagnose(small)
			tcpdump, _ := cost(b, "tcpdump", "-r", large, "-w", os.DevNull)
			ofMany, most := diagnose(large)
			memory = max(memory, most)
			if round < listings {
				tshark, _ := cost(b, "tshark", "-n", "-r", large, "-q", "-z", "conv,tcp")
				listed = append(listed, ofMany/tshark)
			}
			copied = append(copied, ofMany/tcpdump)
			growth = append(growth, ofMany/float64(many)/(ofFew/float64(few)))
		}
		checkRatio(b, "diagnose_of_tcpdump", copied, copiedBar, copiedLimit)
		checkRatio(b, "diagnose_of_tshark", listed, 0.1, 0.1)
		checkRatio(b, "diagnose_growth", growth, 1.15, 1.15)
		fmt.Printf("goal diagnose_memory %d MiB goal <256\n", memory>>20)
		if memory >= 256<<20 {
			b.Errorf("diagnose had %d MiB of memory, want less than 256", memory>>20)
		}
	}
}

// checkRatio prints the median of a ratio, and says whether it misses its bar. It
// fails above the limit, which is the bar, or higher where the measure is coarse.
func checkRatio(b *testing.B, name string, ratios []float64, bar, limit float64) {
	b.Helper()
	slices.Sort(ratios)
	median, missed := ratios[len(ratios)/2], ""
	if median > bar {
		missed = " MISSED"
	}
	fmt.Printf("ratio %s %.3f bar <=%v%s\n", name, median, bar, missed)
	if median > limit {
		b.Errorf("%s is %.3f, want at most %v", name, median, limit)
	}
}

// storeCapture writes a capture to a file of the benchmark's.
func storeCapture(b *testing.B, c madeCapture) (path string, packets int) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "made.pcap")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if packets, err = c.write(file); err != nil {
		b.Fatal(err)
	}
	return path, packets
}

// cost runs a program, and returns the processor's time that it took, in
// seconds, and the most memory that it had, in bytes (getrusage(2)).
func cost(b *testing.B, name string, args ...string) (seconds float64, memory int64) {
	b.Helper()
	c := exec.CommandContext(b.Context(), name, args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stdout = io.Discard
	if err := c.Run(); err != nil {
		b.Fatalf("%v: %v", c, err)
	}
	usage := c.ProcessState.SysUsage().(*syscall.Rusage)
	return (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), usage.Maxrss << 10
}
