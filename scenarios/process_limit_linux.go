package scenarios

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A child that has ended keeps its place in the process table until its parent
// waits for it: a zombie (wait(2)). It counts towards RLIMIT_NPROC, and at the
// limit fork fails with EAGAIN (fork(2)). A server that forks for each
// connection then closes it: RST, because what the client sent is unread.
var _ = Situation(catalogue.Situation{
	Name:   "process-limit",
	Title:  "A server that forks for each connection, at its limit of processes",
	Cause:  "process-limit",
	Labels: []string{"needs:root"},
	Drawing: `
client                 server                 children
  "a"    ───────────▶    fork      ─────────▶   "a", exit: zombie
  "a"    ───────────▶    fork      ─────────▶   "a", exit: zombie
  "a"    ───────────▶    fork: EAGAIN
         ◀═══════════  RST
`,
	Client:     "ECONNRESET",
	Server:     "fork: EAGAIN, and it closes",
	Twin:       "it waits for its children: all are served",
	Unscripted: "the limit is a process's, and a script forks none",
}, func() {
	const most, callers = 2, 6

	// call lets callers come one after the other, and returns what they saw and
	// why the server could not fork.
	call := func(ctx SpecContext, process string) (
		saw []lab.Outcome, failed []string, recording *evidence.Recording) {
		GinkgoHelper()
		l := StartLab()
		server := startAsStranger(ctx, l, process, most)
		for range callers {
			outcome := clients.AskThenFinish(ctx, l.Host("client"), server.Addr(), "a")
			saw = append(saw, outcome)
			for over := false; !over; {
				var other lab.Outcome
				Eventually(ctx, server.Outcomes()).Should(Receive(&other))
				if over = other.Op != "fork"; !over {
					failed = append(failed, other.Error)
				}
			}
		}
		Note(saw...)
		return saw, failed, Recorded(l)
	}

	It("resets its clients when zombies fill the process table", About(claims.Zombies), func(ctx SpecContext) {
		saw, failed, recording := call(ctx, servers.ForkAndForgetProcess)

		for _, outcome := range saw[:most] {
			Expect(outcome).To(EndIn("read", harness.Finished))
		}
		for _, outcome := range saw[most:] {
			Expect(outcome).To(EndIn("read", harness.Reset))
		}
		Expect(failed).To(HaveLen(callers - most))
		Expect(failed).To(HaveEach(ContainSubstring(syscall.EAGAIN.Error())))
		Measured(claims.Zombies,
			fmt.Sprintf("%d of %d without a process, then %s", len(failed), callers, saw[most].First()))
		Expect(recording).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("serves them all when it reaps its children", func(ctx SpecContext) {
		saw, failed, recording := call(ctx, servers.ForkAndReapProcess)

		Expect(failed).To(BeEmpty())
		for _, outcome := range saw {
			Expect(outcome).To(EndIn("read", harness.Finished))
			Expect(outcome.Received).To(BeEquivalentTo(1))
		}
		Expect(recording).To(ShowNoReset())
	}, Limit)
})

// startAsStranger starts a process that may have so many children, as a user
// whom nobody else is: the limit counts a user's processes, and not root's. It
// skips the spec where the user cannot be changed.
func startAsStranger(ctx SpecContext, l *lab.Lab, process string, children uint64) *lab.Process {
	GinkgoHelper()
	stranger := uint32(40000 + os.Getpid()%20000) // processes that run specs in parallel differ
	server, err := l.Host("server").Start(ctx, process, lab.Limits{Processes: children, User: stranger})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		Skip(fmt.Sprintf("this takes the right to become user %d (CAP_SETUID), run it as root: %v", stranger, err))
	}
	Expect(err).NotTo(HaveOccurred())
	return server
}
