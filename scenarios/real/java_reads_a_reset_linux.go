package real

import (
	"io"
	"log"
	"strings"

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

// A checker that completes the handshake and aborts makes the server's channel
// ready: accept succeeds, read throws. Who lets the exception out of the loop
// ends the process, and with it everybody's connection. Java remembers a reset: a
// second read throws the same, where C, Go and Python see the end of the stream,
// since the kernel tells an error once (sock_error).
var _ = Situation(catalogue.Situation{
	Name:   "java-reads-a-reset",
	Title:  "An aborted check at a Java server",
	Cause:  "health-check",
	Labels: []string{"real:java"},
	Drawing: `
checker                Java server, one thread
  SYN      ───────────▶
           ◀───────────  SYN-ACK
  ACK      ───────────▶
  RST ACK  ═══════════▶  accept
                         read: SocketException: Connection reset
                         read: SocketException: Connection reset
`,
	Client: "connect: 0, and it aborts",
	Server: "accept, then read throws, and throws again",
	Twin:   "the checker closes with FIN: read gives -1",
}, func() {
	check := func(ctx SpecContext, l *lab.Lab, address string) {
		GinkgoHelper()
		healthy, _ := clients.Probe(ctx, l.Host("checker"), address)
		Expect(healthy).To(BeTrue())
	}

	It("is an exception at each read, and no more where that is handled",
		About(claims.NIOAbruptClient, claims.ProbeSuccess), func(ctx SpecContext) {
			l := StartLab()
			server := selectorServer(ctx, l, handled)
			toy, err := servers.StartNIO(l.Host("toy"), log.New(io.Discard, "", 0))
			Expect(err).NotTo(HaveOccurred())
			l.Own(toy)

			check(ctx, l, server.Addr())
			check(ctx, l, toy.Addr())

			saw := reached(ctx, l, server)
			Expect(saw).To(Equal("accepted, then read: reset"))
			var beside lab.Outcome
			Eventually(ctx, toy.Outcomes()).Should(Receive(&beside))
			Expect(beside).To(EndIn("read", harness.Reset))
			Note(beside)
			first, frames, again := thrown(server.Text())
			Expect(first).To(Satisfy(isReset))
			Expect(again).To(Equal(first))
			Expect(frames).To(ContainElement(MatchRegexp(`sun\.nio\.ch\.SocketChannelImpl\.read\(SocketChannelImpl\.java:\d+\)`)))
			Measured(claims.NIOAbruptClient, strings.TrimPrefix(saw, "accepted, then "), "the client ends with a RST")
			Measured(claims.ProbeSuccess, saw)
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK")))
		}, Limit)

	It("ends the process where it is not handled, and everybody's connection",
		About(claims.NIOAbruptClient), func(ctx SpecContext) {
			l := StartLab()
			server := selectorServer(ctx, l, unhandled)
			other := connect(ctx, l.Host("client"), server.Addr())

			check(ctx, l, server.Addr())

			status, err := server.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(server.Err()).To(HaveOccurred())
			Expect(status).To(Equal(1))
			words := lineWith(server.Text(), `Exception in thread "main" `)
			Expect(words).To(Satisfy(isReset))
			Measured(claims.NIOAbruptClient, readOf(words), "the client ends with a RST")
			_, err = other.Read(make([]byte, 1))
			Expect(harness.EndingOf(err)).To(Equal(harness.Finished))
			_, err = l.Host("late").Dial(ctx, server.Addr())
			Expect(harness.EndingOf(err)).To(Equal(harness.Refused))
			Expect(Recorded(l, other)).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
		}, Limit)

	It("is the end of the stream if the checker closes with FIN", About(claims.NIOAbruptClient), func(ctx SpecContext) {
		l := StartLab()
		server := selectorServer(ctx, l, handled)

		clients.SendThenLeave(ctx, l.Host("checker"), server.Addr(), "", (*lab.Conn).Close)

		saw := reached(ctx, l, server)
		Expect(saw).To(Equal("accepted, then read: finished"))
		Measured(claims.NIOAbruptClient, strings.TrimPrefix(saw, "accepted, then "), "the client closes with nothing unread")
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})

// thrown returns what the first connection's reads threw, the first with its
// frames.
func thrown(text string) (first string, frames []string, again string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		exception, of := strings.CutPrefix(line, "read 1 ")
		switch frame, is := strings.CutPrefix(line, "\tat "); {
		case is:
			frames = append(frames, frame)
		case of && first == "":
			first = exception
		case of:
			again = exception
		}
	}
	return first, frames, again
}

// lineWith returns what follows upon a prefix in the first line that has it.
func lineWith(text, prefix string) string {
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), prefix); is {
			return rest
		}
	}
	return ""
}

// readOf is an exception that read threw in the words of the claims.
func readOf(exception string) string {
	if isReset(exception) {
		return "read: reset"
	}
	return "read: " + exception
}
