package suite

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios"
	"github.com/resetlab/resetlab/scenarios/claims"
)

// A State is what became of a spec.
type State string

const (
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// A Result is what became of one spec in a round.
type Result struct {
	Spec         string               `json:"spec"` // its name
	Text         string               `json:"text"` // what Ginkgo says
	State        State                `json:"state"`
	Why          string               `json:"why,omitempty"` // it failed or was skipped
	At           string               `json:"at,omitempty"`  // file and line where it failed
	Duration     time.Duration        `json:"duration"`      // nanoseconds
	Outcomes     []tcp.Outcome        `json:"outcomes,omitempty"`
	Observations []claims.Observation `json:"observations,omitempty"`
	// By is the real programs that the spec was made with, and their versions.
	By string `json:"by,omitempty"`
	// Recordings are what the spec recorded, one for each lab.
	Recordings []*evidence.Recording `json:"-"`
}

// resultOf says what a report says. A spec that was not ordered, or at which the
// round was stopped, did not run.
func resultOf(report types.SpecReport) (r Result, ran bool) {
	leftOut := report.State.Is(types.SpecStateSkipped) && report.Failure.Message == ""
	if leftOut || report.State.Is(types.SpecStateInterrupted|types.SpecStateAborted) {
		return r, false
	}
	_, spec := scenarios.SpecOf(report)
	r = Result{Spec: spec.Name, Text: spec.Text, Duration: report.RunTime, By: scenarios.ProgramsOf(report)}
	switch {
	case report.State.Is(types.SpecStatePassed):
		r.State = Passed
	case report.State.Is(types.SpecStateSkipped | types.SpecStatePending):
		r.State, r.Why = Skipped, report.Failure.Message
	default:
		r.State, r.Why = Failed, report.Failure.Message
		if r.Why == "" {
			r.Why = report.State.String()
		}
		if report.Failure.ForwardedPanic != "" {
			r.Why = "panic: " + firstLine(report.Failure.ForwardedPanic)
		}
		location := report.FailureLocation()
		r.At = fmt.Sprintf("%s:%d", path.Base(strings.ReplaceAll(location.FileName, "\\", "/")), location.LineNumber)
	}
	for _, entry := range report.ReportEntries {
		switch value := entry.GetRawValue().(type) {
		case tcp.Outcome:
			r.saw(value)
		case claims.Observation:
			r.Observations = append(r.Observations, value)
		}
	}
	return r, true
}

// saw adds an outcome. A spec may attach one several times.
func (r *Result) saw(o tcp.Outcome) {
	for i, known := range r.Outcomes {
		if known.Host == o.Host && known.Conn == o.Conn && known.Local == o.Local && known.Remote == o.Remote {
			r.Outcomes[i] = o
			return
		}
	}
	r.Outcomes = append(r.Outcomes, o)
}
