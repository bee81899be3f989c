package audits

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
)

// An audited client is one row of the table.
type audited struct {
	name    string // as in the table
	module  string // the Go module whose version the table shows; empty for programs
	subject func(SpecContext) audit.Subject
	options audit.Options
	// expected are the bad and weak verdicts that were measured, with the
	// reasons found, as audit.ParseExpectations reads them.
	expected string
}

// budget bounds one audit.
const budget = 3 * time.Minute

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
	expected, err := audit.ParseExpectations(strings.NewReader(c.expected))
	Expect(err).NotTo(HaveOccurred())
	subject := c.subject(ctx)
	subject.Name = c.name
	c.options.Log = func(text string) { GinkgoWriter.Println(text) }

	report, err := audit.Run(ctx, subject, c.options)

	Expect(err).NotTo(HaveOccurred())
	expected.Apply(report, true)
	enter(row{c.name, version(c.module), expected, report})
	if problems := append(surprises(report), report.Unmet...); len(problems) > 0 {
		Fail(report.String() + "\n" + strings.Join(problems, "\n"))
	}
}

// surprises lists the bad and weak verdicts that nobody expected.
func surprises(report *audit.Report) (list []string) {
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
