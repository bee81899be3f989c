package capture_test

import (
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// FuzzParseCounters reads what is like /proc/net/snmp and /proc/net/netstat.
func FuzzParseCounters(f *testing.F) {
	for _, path := range []string{"/proc/net/snmp", "/proc/net/netstat"} {
		if text, err := os.ReadFile(path); err == nil { // there are none elsewhere than on Linux
			f.Add(string(text))
		}
	}
	f.Add("Tcp: OutRsts EstabResets\nTcp: 3 -1\n")
	f.Add("TcpExt: TCPAbortOnClose\nTcpExt: 99999999999999999999\n")
	f.Fuzz(func(t *testing.T, text string) {
		counters, err := capture.ParseCounters(text)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
		for name := range counters {
			if !strings.Contains(text, name) {
				t.Errorf("%q has no %s", text, name)
			}
		}
	})
}

// FuzzTraceTexts reads what the kernel says of its tracepoints besides events.
func FuzzTraceTexts(f *testing.F) {
	f.Add(`print fmt: "%s", __print_symbolic(REC->reason, { 0, "NO_SOCKET" }, { 7, "TCP_ABORT_ON_CLOSE" }, { 8, "MAX" })`)
	f.Add("CPU:1 [LOST 12 EVENTS]")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range capture.NamedReasons(text) {
			if name == "MAX" || strings.Contains(name, `"`) {
				t.Errorf("%q names %q", text, name)
			}
		}
		if n := capture.LostTraces(text); n > 0 && !strings.Contains(text, "[LOST ") {
			t.Errorf("%q: %d are lost", text, n)
		}
	})
}
