package real

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

// checkOnce has HAProxy at the host "client" check a server once, as the options
// of its backend say, and end. It returns what it logs of the check.
func checkOnce(ctx SpecContext, l *lab.Lab, run starter, address string, options ...string) string {
	GinkgoHelper()
	recipe := recipes.HAProxy(func(at program.Place) string {
		return fmt.Sprintf(`global
	log stdout format raw daemon
defaults
	mode tcp
	log global
	timeout connect 1m
	timeout check 1m
	timeout client 1m
	timeout server 1m
	option log-health-checks
frontend unused
	bind abns@%s
	default_backend checked
backend checked
	%s
	server backend %s check inter 1h
`, filepath.Base(at.Dir), strings.Join(options, "\n\t"), address)
	})
	recipe.Listens = false
	p := run(ctx, l.Host("client"), recipe)
	line := awaitLine(ctx, p, "Health check for server checked/backend ")
	// It closes behind that. Who ends it before has the kernel close, with FIN.
	Eventually(ctx, func() bool { return len(statesTo(address)) > 0 }).WithPolling(time.Millisecond).Should(BeFalse())
	Expect(p.Close()).To(Succeed())
	_, reason, _ := strings.Cut(line, "reason: ")
	reason, _, _ = strings.Cut(reason, ", ")
	return reason
}
