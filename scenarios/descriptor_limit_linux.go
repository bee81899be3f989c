package scenarios

import (
	"context"
	"fmt"
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

// The kernel completes handshakes whether or not the server can accept: at its
// limit of open files (RLIMIT_NOFILE) accept fails with EMFILE (accept(2)), and
// the client is connected, and waits. Nothing drops the connections that are
// idle. A server may choose to, in order to have a descriptor for the new one.
var _ = Situation(catalogue.Situation{
	Name:  "descriptor-limit",
	Title: "A server at its limit of open files",
	Cause: "descriptor-limit",
	Drawing: `
idle                   server                 new
                         accept: EMFILE  ◀─────  connect: ok
                                                 "c", no answer
                      or
         ◀═══════════  RST for room
                         accept: ok      ─────▶  "c"
`,
	Client:     "connect: 0, and no answer",
	Server:     "accept: EMFILE",
	Twin:       "a server that makes room resets whoever has been idle for longest",
	Unscripted: "the limit is a process's, and all ends of a script are of one",
}, func() {
	// full returns two clients that a server answered, which has a descriptor
	// left for no third one.
	full := func(ctx SpecContext, l *lab.Lab, process string) (server *lab.Process, a, b *lab.Conn) {
		GinkgoHelper()
		server, err := l.Host("server").Start(ctx, process, lab.Limits{Descriptors: 64})
		Expect(err).NotTo(HaveOccurred())
		a, b = dial(ctx, l, server.Addr()), dial(ctx, l, server.Addr())
		Expect(clients.Exchange(a, "a")).To(Succeed())
		Expect(clients.Exchange(b, "b")).To(Succeed())
		return server, a, b
	}
	emfile := SatisfyAll(HaveField("Op", lab.Accept), HaveField("Error", ContainSubstring(syscall.EMFILE.Error())))

	It("leaves a new client connected without an answer", About(claims.FDLimit), func(ctx SpecContext) {
		l := StartLab()
		server, a, b := full(ctx, l, servers.WithinDescriptorsProcess)

		// accept(2) fails at the limit whether or not somebody waits to be accepted,
		// so that the failure alone does not say that the client is connected.
		patience, giveUp := context.WithCancel(ctx)
		third, err := l.Host("client").Dial(patience, server.Addr())
		Expect(err).NotTo(HaveOccurred())
		Expect(third.Write([]byte("c"))).To(Equal(1))
		Eventually(ctx, server.Outcomes()).Should(Receive(emfile))
		Expect(third.Info()).To(HaveField("DataSegmentsIn", 0))
		giveUp()
		clients.ReadAll(third)
		saw := third.Outcome()
		Expect(third.Close()).To(Succeed())

		Expect(saw).To(EndIn("read", harness.GaveUp))
		Expect(clients.ExchangeThenClose(b, "b")).To(EndIn("close", harness.Closed))
		Note(saw, clients.ExchangeThenClose(a, "a"))
		Measured(claims.FDLimit, newAndIdle(saw, a.Outcome()), "the server does nothing about it")
	}, Limit)

	DescribeTable("may reset the one that has been idle for longest", About(claims.FDLimit),
		func(ctx SpecContext, idlest int) {
			l := StartLab()
			server, a, b := full(ctx, l, servers.RoomInDescriptorsProcess)
			both := []*lab.Conn{a, b}
			Expect(clients.Exchange(both[1-idlest], "x")).To(Succeed())

			_, saw := clients.Ask(ctx, l.Host("client"), server.Addr(), "c")

			Eventually(ctx, server.Outcomes()).Should(Receive(emfile))
			clients.ReadAll(both[idlest])
			Expect(both[idlest].Outcome()).To(EndIn("read", harness.Reset))
			Expect(clients.ExchangeThenClose(both[1-idlest], "x")).To(EndIn("close", harness.Closed))
			Note(saw, both[idlest].Outcome())
			Measured(claims.FDLimit, newAndIdle(saw, both[idlest].Outcome()), "the server makes room by itself")
			Expect(Recorded(l, both[idlest])).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		Entry("the first", 0, Limit), Entry("the second", 1, Limit),
	)
})

// newAndIdle says what became of a new and of an idle connection.
func newAndIdle(late, idle lab.Outcome) string {
	said, done := "are served", "are dropped"
	if late.Received < late.Sent {
		said = "hang"
	}
	if idle.Ending == harness.Closed { // by the client, in the end
		done = "stay"
	}
	return fmt.Sprintf("new ones %s, idle ones %s", said, done)
}
