package audits

import (
	"os/exec"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
)

// Java's HttpClient repeats a GET once if the connection ends before the first
// byte of the reply, on a new connection too, and nothing else; it is told by a
// property to repeat every method so. It watches idle connections.
// Before 17.0.21 an end within a trailer was taken for that of the reply.
var _ = declare(
	audited{
		name: "Java's HttpClient of Debian", program: javaVersion, options: operations, subject: overJava(), expected: masked,
	},
	audited{
		name: "Java's HttpClient of Debian, enableAllMethodRetry", program: javaVersion, options: operations,
		subject: overJava("-Djdk.httpclient.enableAllMethodRetry=true"),
		expected: masked + `
P7*/*/*/write DUPLICATED|DUPLICATED+ERROR  it was told to: every method, a POST too
`,
	},
)

const masked = `
P10.trailer/*/*/* SURFACED-MASKED  its parser expected a CR, and drops what came instead
P1/rst/*/*        SURFACED|SURFACED-MASKED  a write may take the reset, and what reads gets the end
P[456]*/rst/*/*   SURFACED|SURFACED-MASKED  the same
`

func overJava(properties ...string) func(SpecContext) audit.Subject {
	return func(ctx SpecContext) audit.Subject {
		if _, err := exec.LookPath("javac"); err != nil {
			present(daemon.Missing{Program: "javac", Package: "openjdk-17-jdk-headless"})
		}
		small := []string{"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx64m"}
		return inSession(ctx, append(append(small, properties...), "Perform.java")...)
	}
}
