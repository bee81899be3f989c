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

// BenchmarkDiagnose prints what the diagnosis of a capture of 100,000
// connections takes, or of 1,000,000 with RESETLAB_FULL=1: the processor's time
// in multiples of that of tcpdump, which copies the file, and of tshark, which
// lists its connections; the time of a packet in multiples of that in a capture
// of a tenth; and the most memory.
func BenchmarkDiagnose(b *testing.B) {
	for _, program := range []string{"tcpdump", "tshark"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("%s, with which it is compared, is not there: apt-get install %s", program, program)
		}
	}
	connections := 100_000
	if os.Getenv(fullVariable) != "" {
		connections = 1_000_000
	}
	small := storeCapture(b, madeCapture{connections: connections / 10, seed: 1})
	large := storeCapture(b, madeCapture{connections: connections, seed: 1})
	diagnose := func(file string) (float64, int64) { return cost(b, "/proc/self/exe", "diagnose", "--summary", file) }
	for range b.N {
		var copied, growth []float64
		var memory int64
		var ours float64
		for range 3 {
			few, _ := diagnose(small)
			many, most := diagnose(large)
			tcpdump, _ := cost(b, "tcpdump", "-r", large, "-w", os.DevNull)
			ours, memory = many, max(memory, most)
			copied, growth = append(copied, many/tcpdump), append(growth, many/few/10)
		}
		tshark, _ := cost(b, "tshark", "-n", "-r", large, "-q", "-z", "conv,tcp")
		slices.Sort(copied)
		slices.Sort(growth)
		fmt.Printf("ratio diagnose_of_tcpdump %.2f bar <=3\n", copied[1])
		fmt.Printf("ratio diagnose_of_tshark %.3f bar <=0.1\n", ours/tshark)
		fmt.Printf("ratio diagnose_growth %.2f bar <=1.15\n", growth[1])
		fmt.Printf("goal diagnose_memory %d MiB goal <256\n", memory>>20)
	}
}

// storeCapture writes a capture to a file of the benchmark's.
func storeCapture(b *testing.B, c madeCapture) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "made.pcap")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if err := c.write(file); err != nil {
		b.Fatal(err)
	}
	return path
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
