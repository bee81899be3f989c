package kernel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// programs returns how often and how long each program ran, while the kernel counts
// that.
func programs(tb testing.TB, tracer *kernel.Tracer) map[string]*ebpf.ProgramStats {
	tb.Helper()
	stats, err := tracer.Stats()
	if err != nil {
		tb.Fatal(err)
	}
	return stats
}

// TestNoProgramRunsPerRequest: over connections that stay open requests and
// replies run no program. The programs are the whole machine's, whose other
// connections run them: so the quietest of many short times counts.
func TestNoProgramRunsPerRequest(t *testing.T) {
	tracer := open(t, kernel.Options{})
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		missing(t, err)
	}
	defer stats.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	client := server.Client()
	const times, requests = 50, 100
	get := func() {
		response, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	runs := func() (runs uint64) {
		for _, program := range programs(t, tracer) {
			runs += program.RunCount
		}
		return runs
	}
	before := runs()
	refuse(t)
	if runs() == before {
		t.Fatal("the runs are not counted")
	}
	get() // connects
	begun, quietest := runs(), ^uint64(0)
	for range times {
		from := runs()
		for range requests {
			get()
		}
		quietest = min(quietest, runs()-from)
	}
	t.Logf("%d requests: the programs ran %d times, on the whole machine; in the quietest %d requests %d times",
		times*requests, runs()-begun, requests, quietest)
	if quietest >= requests/10 {
		t.Errorf("the programs ran %d times in %d requests", quietest, requests)
	}
}
