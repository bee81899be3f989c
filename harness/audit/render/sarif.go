package render

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// home is where readers of a SARIF file learn of the program that wrote it.
const home = "https://github.com/resetlab/resetlab"

// SARIF writes reports in the Static Analysis Results Interchange Format 2.1.0, a
// run a report: a result for each bad verdict, which is suppressed where it was
// expected, and a notification for each cell in which nothing was proved, for each
// expectation that is met no more and for cells that were not run. The place of
// the results is a file of the client's, by its path in the repository: GitHub
// shows those that have one. It may be empty. The error is that of writing to w.
func SARIF(w io.Writer, clientFile string, reports ...*verdict.Report) error {
	file := sarif.NewReport()
	for _, r := range reports {
		file.AddRun(sarifRun(r, clientFile))
	}
	return file.PrettyWrite(w)
}

func sarifRun(r *verdict.Report, clientFile string) *sarif.Run {
	run := sarif.NewRunWithInformationURI("resetlab audit", home)
	run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID(plain(r.Subject) + "/" + plain(r.Protocol) + "/"))
	audit := sarif.NewInvocation().WithExecutionSuccessful(r.Stopped == "").
		WithStartTimeUtc(r.Started.UTC().Format("2006-01-02T15:04:05.000Z")).
		WithEndTimeUtc(r.Started.Add(r.Duration).UTC().Format("2006-01-02T15:04:05.000Z"))
	note := func(level, text string) {
		audit.AddToolExecutionNotification(sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(plain(text))))
	}
	for _, c := range r.Cells {
		switch {
		case c.Verdict.Bad():
			rule, says := sarifRule(c.Verdict)
			run.AddRule(rule).WithName(rule).WithShortDescription(sarif.NewMultiformatMessageString().WithText(says))
			run.AddResult(sarifResult(r, c, clientFile).WithRuleID(rule).WithRuleIndex(run.GetRuleIndex(rule)))
		case classOf(c) == unproven:
			note("warning", fmt.Sprintf("%s: %s: %s", c.ID, c.Verdict, c.Verdict.Reason))
		}
	}
	for _, unmet := range r.Unmet {
		note("error", "expected, and not so any more: "+unmet)
	}
	if r.Left > 0 {
		note("warning", "not tried: "+outOfTime(r))
	}
	if r.Stopped != "" {
		note("error", r.Stopped)
	}
	return run.WithInvocations([]*sarif.Invocation{audit})
}

// sarifRule is the worst word of a bad verdict, and what it means.
func sarifRule(v verdict.Verdict) (id, says string) {
	for _, w := range words {
		if w.outcome == v.Outcomes[0] && w.outcome.Bad() {
			return string(w.outcome), w.says
		}
	}
	for _, m := range marks {
		if m.hygiene == v.Hygiene[0] {
			_, says, _ = strings.Cut(m.says, ": ")
			return string(m.hygiene), says
		}
	}
	return v.String(), v.String()
}

// sarifResult is one without its rule. It is the same one in the next audit if the
// client and the cell are.
func sarifResult(r *verdict.Report, c verdict.Result, clientFile string) *sarif.Result {
	text := fmt.Sprintf("%s: %s: %s\n%s", c.ID, c.Verdict, plain(c.Verdict.Reason), strings.Join(evidence(c), "\n"))
	at := sarif.NewLocation().AddLogicalLocation(
		sarif.NewLogicalLocation().WithKind("member").WithName(plain(c.ID)).WithFullyQualifiedName(plain(r.Subject) + ": " + plain(c.ID)))
	if clientFile != "" {
		uri := (&url.URL{Path: filepath.ToSlash(clientFile)}).String()
		at.WithPhysicalLocation(sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri)).
			WithRegion(sarif.NewRegion().WithStartLine(1)))
	}
	result := sarif.NewResult().WithKind("fail").WithLevel("error").WithMessage(sarif.NewTextMessage(text)).AddLocation(at)
	result.PartialFingerprints = map[string]string{"clientAndCell/v1": plain(r.Subject) + " " + plain(r.Protocol) + " " + plain(c.ID)}
	if c.Expected != "" {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification(plain(c.Expected)))
	}
	return result
}
