package cli_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
	"github.com/resetlab/resetlab/harness/watch"
)

// scraped returns what is counted, by name and labels.
func scraped(t *testing.T, url string) map[string]float64 {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	families, err := new(expfmt.TextParser).TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, pair := range metric.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", pair.GetName(), pair.GetValue()))
			}
			values[name+"{"+strings.Join(labels, ",")+"}"] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return values
}

// TestWatchPrometheus counts a real reset, on the loopback where only a port is
// named, and says that nothing is lost.
func TestWatchPrometheus(t *testing.T) {
	listener := listening(t)
	run := watching(t, "--prometheus=0", portOf(listener))
	_, url, _ := strings.Cut(run.line("counted at "), "counted at ")
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("it is counted at %s", url)
	}
	leftUnread(t, listener)
	run.line("▶ sent")
	values := scraped(t, url)
	want := fmt.Sprintf(`resetlab_resets_total{cause="unread",certain="false",direction="sent",port="%d",process="cli.test",reason="TCP_ABORT_ON_CLOSE"}`,
		listener.Addr().(*net.TCPAddr).Port)
	if values[want] != 1 || values["resetlab_watch_events_total{}"] < 2 || values["resetlab_watch_events_lost_total{}"] != 0 {
		t.Errorf("no %s in %v", want, values)
	}
	if values[`resetlab_watch_info{source="ebpf",version="`+versionOf(t)+`"}`] != 1 {
		t.Errorf("no source in %v", values)
	}
	health, err := http.Get(strings.TrimSuffix(url, "metrics") + "healthz")
	if err != nil || health.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %v, %v", health, err)
	} else if text, _ := io.ReadAll(health.Body); string(text) != "watching\n" {
		t.Errorf("/healthz: %q", text)
	}
	if _, status := run.interrupt(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func versionOf(t *testing.T) string {
	text, _ := start(t, "--version").end()
	return strings.TrimSpace(strings.TrimPrefix(text, "resetlab version "))
}

// TestWatchPrometheusIsTaken: where nobody can listen nothing is watched.
func TestWatchPrometheusIsTaken(t *testing.T) {
	listener := listening(t)
	for address, want := range map[string]int{listener.Addr().String(): 1, "nowhere": 2, "127.0.0.1:70000": 2} {
		run := start(t, "watch", "--for=1ms", "--prometheus", address)
		if out, status := run.end(); status != want || out != "" || !strings.Contains(run.stderr.String(), "--prometheus") {
			t.Errorf("%s: status %d, want %d, said %q and %q", address, status, want, out, &run.stderr)
		}
	}
}

// However many programs there are, and whatever they are called, the series are
// bounded and the counts exact.
func TestWatchPrometheusIsBounded(t *testing.T) {
	listener := listening(t)
	metrics, url := cli.ServeWatchMetrics(listener)
	defer metrics.Close()
	const many = 5000
	for i := range many {
		e := watch.Event{
			Kind: watch.Sent, Whole: true, Was: "ESTABLISHED", Reason: "TCP_STATE", LingerZero: true,
			Local: netip.MustParseAddrPort("10.0.0.1:80"), Remote: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), uint16(i)),
			Owner: watch.Owner{Process: watch.Process{PID: i + 1, Name: fmt.Sprintf("\x1b\n\"}\xff%d", i)}, How: watch.AtHand},
		}
		d := e.Diagnose(0)
		if err := metrics.Show(&d); err != nil {
			t.Fatal(err)
		}
	}
	series, sum := 0, 0.0
	for name, value := range scraped(t, url) {
		if strings.HasPrefix(name, "resetlab_resets_total{") {
			series, sum = series+1, sum+value
		}
		if strings.ContainsAny(name, "\x1b\n") || strings.Contains(name, "10.0.0.2") {
			t.Errorf("a label has %q", name)
		}
	}
	if series != 1001 || sum != many {
		t.Errorf("%d series, %v resets", series, sum)
	}
}
