package real

import (
	"fmt"
	"io"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// Redis closes in the same way whatever its reason is, and what its client sees
// depends on what lies unread then. It reads 16 KiB at a time (networking.c,
// PROTO_IOBUF_LEN), so that a QUIT with little behind it is finished, and one with
// more is reset. A client too many is told so and closed before it is read, where
// what it has sent is unread in any case.
var _ = Situation(catalogue.Situation{
	Name:   "redis-ends-a-session",
	Title:  "Redis that ends a session",
	Cause:  "quit-pipelined",
	Labels: []string{"real:redis-server"},
	Drawing: `
client                 redis-server
  PING     ───────────▶  one client too many
           ◀───────────  "-ERR max number of clients reached"
           ◀═══════════  RST
  read: the reply, then ECONNRESET
`,
	Client: "the reply, if there is one, then ECONNRESET where it had sent what is unread",
	Server: "at the log level debug: why it closed",
	Twin:   "nothing is unread: FIN",
}, func() {
	const pong = "+PONG\r\n"

	DescribeTable("tells a client too many", About(claims.ServerBusy),
		func(ctx SpecContext, says string, ending harness.Ending, condition ...string) {
			l := StartLab()
			server := trace(ctx, l.Host("server"), recipes.Redis("--maxclients", "1"))
			held, _ := talk(ctx, l, server.Addr(), "PING\r\n", pong)

			c, err := l.Host("client").Dial(ctx, server.Addr())
			Expect(err).NotTo(HaveOccurred())
			if says != "" {
				Expect(c.Close()).To(Succeed())
				c = unread(ctx, l, server, says)
			}
			reply := readUntil(c, "\r\n")
			clients.ReadAll(c)

			Expect(reply).To(Equal("-ERR max number of clients reached\r\n"))
			Expect(c.Outcome()).To(EndIn("read", ending))
			Measured(claims.ServerBusy, c.Outcome(), condition...)
			recording := Recorded(l, c, held)
			if says == "" {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("and finishes it", "", harness.Finished, "the client has sent nothing", Limit),
		Entry("and resets it where it has sent something", "PING\r\n", harness.Reset, "what the client sent is unread", Limit),
	)

	It("tells so what redis-cli prints, whose exit status is 0", Label("real:redis-cli"), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.Redis("--maxclients", "1"))
		held, _ := talk(ctx, l, server.Addr(), "PING\r\n", pong)

		var client *lab.Program
		Expect(server.AcceptUnread(ctx, len("*1\r\n$4\r\nPING\r\n"), func() error {
			client = trace(ctx, l.Host("client"), recipes.RedisCLI(server.Addr(), "PING"))
			return nil
		})).To(Succeed())

		endsWith(ctx, client, 0, Equal("ERR max number of clients reached"), Equal(""))
		Expect(Recorded(l, held)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	DescribeTable("at QUIT", About(claims.QuitCommand),
		func(ctx SpecContext, says string, ending harness.Ending) {
			l := StartLab()
			server := trace(ctx, l.Host("server"), recipes.Redis())

			c := unread(ctx, l, server, says)
			reply := readUntil(c, "\r\n")
			clients.ReadAll(c)

			Expect(reply).To(Equal("+OK\r\n"))
			Expect(c.Outcome()).To(EndIn("read", ending))
			Measured(claims.QuitCommand, closedBy(c.Outcome()))
			recording := Recorded(l, c)
			if ending == harness.Finished {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("finishes a client", "QUIT\r\n", harness.Finished, Limit),
		Entry("finishes a client that has sent a little more", "QUIT\r\nPING\r\n", harness.Finished, Limit),
		Entry("resets a client that has sent more than it reads at once", "QUIT\r\n"+strings.Repeat("PING\r\n", 4<<10), harness.Reset, Limit),
	)

	It("closes, at QUIT, when it has read as much as it takes at once", Label("real:strace"), func(ctx SpecContext) {
		const taken = 16 << 10
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.Redis())

		c := unread(ctx, l, server, "QUIT\r\n"+strings.Repeat("PING\r\n", taken/4))
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		recording := Recorded(l, c)
		Expect(recording.Lacks(evidence.Calls)).To(BeFalse(), "%v", recording.Missing)
		Expect(called(recording, "server", 0)).To(Equal(
			[]string{"accept: ok", fmt.Sprintf("read: %d bytes", taken), "write: 5 bytes", "close: ok"}))
	}, Limit)

	It("finishes a client that says nothing", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.Redis("--timeout", "1", "--loglevel", "verbose"))

		c, _ := talk(ctx, l, server.Addr(), "PING\r\n", pong)
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Finished))
		logs(ctx, server, "Closing idle client", 1)
		Measured(claims.IdleTimeout, c.Outcome())
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)

	It("finishes a client that CLIENT KILL names, and answers with RST what that says then", func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.Redis())
		c, _ := talk(ctx, l, server.Addr(), "PING\r\n", pong)

		other, killed := talk(ctx, l, server.Addr(), "CLIENT KILL "+c.LocalAddr().String()+"\r\n", "\r\n")
		Expect(c.AwaitFinish(ctx)).To(Succeed())
		io.WriteString(c, "PING\r\n")
		Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.ReadAll(c)
		clients.WriteByte(c)

		Expect(killed).To(Equal("+OK\r\n"))
		Expect(c.Outcome()).To(EndIn("read", harness.Finished).Then("write", harness.BrokenPipe))
		Note(c.Outcome())
		Expect(Recorded(l, c, other)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)
})
