package audits

import (
	_ "embed" // for the program
	"os/exec"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
)

// urllib3 repeats three times by default: after errors of connecting what it
// likes, after others the methods that are idempotent (Retry.DEFAULT).
var _ = declare(audited{
	name: "urllib3 of Debian", program: urllib3Version, options: operations, subject: overURLLib3,
	expected: `
P8/fin/*/*        SURFACED-MASKED  a status line that ends early is called a bad one
P8.status/fin/*/* SURFACED-MASKED  the same
P8.name/fin/*/*   TRUNCATED-OK     Python's http.client takes half a head for a whole one: see half_head.go
`,
})

//go:embed perform.py
var urllib3Program string

func overURLLib3(ctx SpecContext) audit.Subject {
	requireURLLib3(ctx)
	return inSession(ctx, debianPython, "-c", urllib3Program)
}

// debianPython is the one that has Debian's urllib3.
const debianPython = "/usr/bin/python3"

func requireURLLib3(ctx SpecContext) {
	if err := exec.CommandContext(ctx, debianPython, "-c", "import urllib3").Run(); err != nil {
		present(daemon.Missing{Program: "urllib3", Package: "python3-urllib3"})
	}
}
