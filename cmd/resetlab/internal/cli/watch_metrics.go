package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/watch"
)

// watchMetrics counts for Prometheus, at /metrics, and says at /healthz that it
// watches.
type watchMetrics struct {
	listener net.Listener
	server   *http.Server
	failed   chan error // of the server, once
	resets   *prometheus.CounterVec
	info     *prometheus.GaugeVec
	seen     atomic.Uint64
	lost     atomic.Uint64
	series   map[string]bool
}

// mostSeries bounds how many series tell processes and ports apart: what finds
// no room is counted for "other". No label is of a remote address or of a port
// that a client was given.
const mostSeries = 1000

// listenMetrics listens where somebody may ask.
func (f *watchFlags) listenMetrics() (*watchMetrics, error) {
	address, err := parseListen(f.prometheus)
	if err != nil {
		return nil, fmt.Errorf("--prometheus: %w", err)
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("--prometheus: %w", err)
	}
	return newWatchMetrics(listener), nil
}

func newWatchMetrics(listener net.Listener) *watchMetrics {
	v := &watchMetrics{
		listener: listener, failed: make(chan error, 1), series: map[string]bool{},
		resets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "resetlab_resets_total",
			Help: "TCP connections that a RST (sent, received) or an error without one (failed) ended. " +
				"One whose two ends are on this machine counts once, as sent. certain: nothing else looks the same as the cause.",
		}, []string{"direction", "cause", "certain", "reason", "process", "port"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "resetlab_watch_info", Help: "By which source it is watched; always 1.",
		}, []string{"source", "version"}),
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(v.resets, v.info,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "resetlab_watch_events_total", Help: "Events of the kernel; a reset may have two.",
		}, func() float64 { return float64(v.seen.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "resetlab_watch_events_lost_total", Help: "Events of the kernel that found no room, and are counted nowhere else.",
		}, func() float64 { return float64(v.lost.Load()) }))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "watching") })
	v.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	return v
}

// begin begins to answer.
func (v *watchMetrics) begin(i watchIntroduction) error {
	v.info.WithLabelValues(i.Source, version()).Set(1)
	go func() { v.failed <- v.server.Serve(v.listener) }()
	return nil
}

func (v *watchMetrics) turn(seen, lost uint64) {
	v.seen.Store(seen)
	v.lost.Store(lost)
}

func (v *watchMetrics) show(d *watch.Diagnosis) error {
	select {
	case err := <-v.failed:
		v.failed <- err
		return fmt.Errorf("--prometheus: %w", err)
	default:
	}
	v.resets.WithLabelValues(v.labels(d)...).Add(float64(max(1, d.Times)))
	return nil
}

// labels are what a reset is counted by.
func (v *watchMetrics) labels(d *watch.Diagnosis) []string {
	cause, reason, process, port := d.Cause, string(d.Reason), terminal.Line(d.Owner.Name), ""
	if cause == "" {
		cause = "none"
	}
	if reason == "" {
		reason = d.Error
	}
	if process != "" && !d.Owner.Sure() {
		process += "?"
	}
	if at := d.ServerPort(); at != 0 {
		port = strconv.Itoa(int(at))
	}
	labels := []string{string(d.Kind), cause, strconv.FormatBool(d.Sure()), reason, process, port}
	key := strings.Join(labels, "\x00")
	if !v.series[key] {
		if len(v.series) == mostSeries {
			return append(labels[:4:4], "other", "other")
		}
		v.series[key] = true
	}
	return labels
}

// end answers what was asked already, and then nothing more.
func (v *watchMetrics) end(_ *watch.Summary, seen, lost uint64) error {
	v.turn(seen, lost)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if v.server.Shutdown(ctx) != nil { // somebody holds a connection
		return v.server.Close()
	}
	return nil
}
