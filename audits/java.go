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
var _ = declare(
	audited{name: "Java's HttpClient of Debian", options: operations, subject: overJava()},
	audited{
		name: "Java's HttpClient of Debian, enableAllMethodRetry", options: operations,
		subject: overJava("-Djdk.httpclient.enableAllMethodRetry=true"),
		expected: `
P7*/*/*/write DUPLICATED|DUPLICATED+ERROR  it was told to: every method, a POST too
`,
	},
)

func overJava(properties ...string) func(SpecContext) audit.Subject {
	return func(ctx SpecContext) audit.Subject {
		if _, err := exec.LookPath("javac"); err != nil {
			present(daemon.Missing{Program: "javac", Package: "openjdk-17-jdk-headless"})
		}
		small := []string{"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx64m"}
		return inSession(ctx, append(append(small, properties...), "Perform.java")...)
	}
}
