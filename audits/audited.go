package audits

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// An audited client is one row of the table.
type audited struct {
	name   string // as in the table
	module string // the Go module whose version the table shows; empty for programs
	// program is the program of the system that it is, or that it talks to: what
	// it does may depend on its version.
	program *programVersion
	subject func(SpecContext) audit.Subject
	options audit.Options
	// expected are the bad and weak verdicts that were measured, with the
	// reasons found, as audit.ParseExpectations reads them.
	expected string
}

// budget bounds one audit that hangs: a machine that has much else to do may need
// ten times as long as a quiet one.
const budget = 15 * time.Minute

// declare declares a spec a client.
func declare(clients ...audited) bool {
	for _, c := range clients {
		It(c.name+" does at every fault point what was measured", func(ctx SpecContext) { c.measure(ctx) },
			SpecTimeout(budget))
	}
	return true
}

// measure audits the client and compares with what is expected of it.
func (c audited) measure(ctx SpecContext) {
	expected, err := verdict.ParseExpectations(strings.NewReader(c.expected))
	Expect(err).NotTo(HaveOccurred())
	subject := c.subject(ctx)
	subject.Name = c.name
	c.options.Log = func(text string) { GinkgoWriter.Println(text) }

	report, err := audit.Run(ctx, subject, c.options)

	Expect(err).NotTo(HaveOccurred())
	r := row{Name: c.name, Version: version(c.module), Expected: expected, Report: report}
	problems := r.judge(c.program)
	enter(r)
	if len(problems) > 0 {
		Fail(report.String() + "\n" + strings.Join(problems, "\n"))
	}
}

// judge compares what was measured with the expectations and, where a program of
// the system has a say, with what was measured of its versions.
func (r *row) judge(p *programVersion) (problems []string) {
	if p == nil {
		r.Expected.Apply(r.Report, true)
		return append(surprises(r.Report), r.Report.Unmet...)
	}
	running, err := p.ask()
	Expect(err).NotTo(HaveOccurred())
	r.Version = strings.TrimSpace(r.Version + " " + p.label + running)
	file := fileOf(r.Name)
	m, err := readMeasurement(file)
	Expect(err).NotTo(HaveOccurred())
	var wrong []string
	switch {
	case os.Getenv("RESETLAB_TABLE") == "1":
		m.enter(running, r.Report, r.Expected)
		Expect(m.write(file)).To(Succeed())
	case len(m.versions) == 0:
		return []string{file + " is not there: make audits"}
	default:
		wrong, r.News = m.compare(running, r.Report)
		if newest := m.newest(); newest != running {
			r.Other = fmt.Sprintf("%s differs from %s in %d cells", running, newest, len(m.different(r.Report)))
		}
	}
	r.Expected.Apply(r.Report, false)
	r.Report.Unmet = nil
	// What depends on the version, compare has judged.
	judged := *r.Report
	judged.Cells = slices.DeleteFunc(slices.Clone(judged.Cells), func(c verdict.Result) bool { return m.differs(c.ID) })
	r.Expected.Apply(&judged, len(judged.Cells) == len(r.Report.Cells))
	return append(append(surprises(&judged), judged.Unmet...), wrong...)
}

// surprises lists the bad and weak verdicts that nobody expected.
func surprises(report *verdict.Report) (list []string) {
	for _, cell := range report.Cells {
		v := cell.Verdict
		if (v.Bad() || v.Weak() || v.Unproven()) && cell.Expected == "" {
			list = append(list, fmt.Sprintf("%s is %s: %s %s", cell.ID, v, v.Reason, cell.FollowUp))
		}
	}
	return list
}

// started hands a server over to the spec, which ends it.
func started[S io.Closer](server S, err error) S {
	GinkgoHelper()
	present(err)
	DeferCleanup(server.Close)
	return server
}

// present skips the spec if a program is not installed, except in CI.
func present(err error) {
	GinkgoHelper()
	var missing daemon.Missing
	if errors.As(err, &missing) && os.Getenv("RESETLAB_STRICT") != "1" {
		Skip(missing.Error())
	}
	Expect(err).NotTo(HaveOccurred())
}
