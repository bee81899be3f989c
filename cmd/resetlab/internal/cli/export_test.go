package cli

import (
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/watch"
)

// Execute runs a command line.
var Execute = execute

// Commands lists the commands, and those below them.
func Commands() []*cobra.Command {
	var all []*cobra.Command
	todo := newRoot(io.Discard, io.Discard).Commands()
	for len(todo) > 0 {
		all = append(all, todo[0])
		todo = append(todo[1:], todo[0].Commands()...)
	}
	return all
}

// CommandLine is commandLine for tests.
var CommandLine = commandLine

// What reads what the user gives.
var (
	ParseListen    = parseListen
	ParseBudget    = parseBudget
	ReadRecordings = readRecordings
)

// WatchMetrics counts for Prometheus.
type WatchMetrics struct{ *watchMetrics }

// ServeWatchMetrics counts at a URL.
func ServeWatchMetrics(listener net.Listener) (m WatchMetrics, url string) {
	m = WatchMetrics{newWatchMetrics(listener)}
	m.begin(watchIntroduction{Source: "ebpf"})
	return m, "http://" + listener.Addr().String() + "/metrics"
}

// Show counts a diagnosis.
func (m WatchMetrics) Show(d *watch.Diagnosis) error { return m.show(d) }

// Close ends the serving.
func (m WatchMetrics) Close() error { return m.end(nil, 0, 0) }

// Beside writes an answer of the kernel beside the model's.
func Beside(outcomes []script.Answer, happened script.Answer) string {
	return predictedFor(outcomes, happened).text()
}

// TopTable is what --top shows of diagnoses, with room for some rows.
func TopTable(some []watch.Diagnosis, now time.Time, most int) string {
	v := newWatchTop(io.Discard, cardStyle{})
	v.about = "resetlab watch"
	for i := range some {
		v.show(&some[i])
	}
	return strings.Join(v.table(now, most), "\n") + "\n"
}
