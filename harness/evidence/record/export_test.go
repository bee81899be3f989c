package record

import (
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/lab"
)

// Join makes a recording of a list of IP packets, captured a microsecond apart from start
// on, and of what the kernel said.
func Join(t *testing.T, start time.Time, list [][]byte, events ...capture.KernelEvent) *evidence.Recording {
	t.Helper()
	g := inputs{started: instantOf(start), traces: events}
	var decoder packets.Decoder
	var captured []evidence.Segment
	for i, data := range list {
		s, ok := decoder.Segment(data, len(data))
		if !ok {
			t.Fatalf("packet %d is no TCP segment", i)
		}
		s.At = start.Add(time.Duration(i) * time.Microsecond)
		captured = append(captured, s)
	}
	g.addSegments(captured)
	g.endpoints = append(g.endpoints, lab.Endpoint{Host: "server", Address: g.segments[0].dst.String()})
	r := &evidence.Recording{Version: evidence.Version, Level: evidence.Observed}
	g.fill(r)
	for _, verdict := range diagnose.Recording(r) {
		r.Resets = append(r.Resets, verdict.Reset)
	}
	return r
}

// Gaps returns the times for which nothing follows from what a source does not
// show.
func Gaps(lane evidence.Lane, status capture.Status, started, first time.Time) []evidence.Gap {
	return gaps(lane, "", status, started, first)
}
