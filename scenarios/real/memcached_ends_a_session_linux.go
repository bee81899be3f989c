package real

import (
	"strconv"
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

// memcached says nothing at quit nor when a client has been silent for too long,
// and closes. It reads what its buffer holds (16 KiB), so that a client resets
// itself only by sending much behind quit. A client too many is told so, and what
// it has sent is unread (memcached.c, drive_machine, maxconns_fast).
var _ = Situation(catalogue.Situation{
	Name:   "memcached-ends-a-session",
	Title:  "memcached that ends a session",
	Cause:  "quit-pipelined",
	Labels: []string{"real:memcached"},
	Drawing: `
client                 memcached
  get      ───────────▶  one client too many
           ◀───────────  "ERROR Too many open connections"
           ◀═══════════  RST
  read: the reply, then ECONNRESET
`,
	Client: "the reply, if there is one, then ECONNRESET where it had sent what is unread",
	Server: "closes",
	Twin:   "nothing is unread: FIN",
}, func() {
	const version = "version\r\n"

	// judge says how a client was ended, and by what.
	judge := func(l *lab.Lab, c *lab.Conn, ending harness.Ending, others ...*lab.Conn) {
		GinkgoHelper()
		Expect(c.Outcome()).To(EndIn("read", ending))
		recording := Recorded(l, append(others, c)...)
		if ending == harness.Finished {
			Expect(recording).NotTo(ShowReset(SentBy(evidence.Application, "server")))
			return
		}
		Expect(recording).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}

	DescribeTable("at quit", About(claims.QuitCommand),
		func(ctx SpecContext, says string, ending harness.Ending) {
			l := StartLab()
			server := trace(ctx, l.Host("server"), recipes.Memcached())

			c := unread(ctx, l, server, says)
			clients.ReadAll(c)

			Measured(claims.QuitCommand, closedBy(c.Outcome()))
			judge(l, c, ending)
		},
		Entry("finishes a client", "quit\r\n", harness.Finished, Limit),
		Entry("finishes a client that has sent a little more", "quit\r\n"+version, harness.Finished, Limit),
		Entry("resets a client that has sent more than it reads at once", "quit\r\n"+strings.Repeat(version, 4<<10), harness.Reset, Limit),
	)

	It("finishes a client that says nothing", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.Memcached("-o", "idle_timeout=1"))

		c, _ := talk(ctx, l, server.Addr(), version, "\r\n")
		clients.ReadAll(c)

		Measured(claims.IdleTimeout, c.Outcome())
		judge(l, c, harness.Finished)
	}, Limit)

	DescribeTable("tells a client too many", About(claims.ServerBusy),
		func(ctx SpecContext, says string, ending harness.Ending, condition string) {
			l := StartLab()
			const most = 25 // its own descriptors count, too
			server := trace(ctx, l.Host("server"), recipes.Memcached("-c", strconv.Itoa(most)))
			var held []*lab.Conn
			for range most {
				c, err := l.Host("client").Dial(ctx, server.Addr())
				Expect(err).NotTo(HaveOccurred())
				held = append(held, c)
			}

			c := unread(ctx, l, server, says)
			reply := readUntil(c, "\r\n")
			clients.ReadAll(c)

			Expect(reply).To(Equal("ERROR Too many open connections\r\n"))
			Measured(claims.ServerBusy, c.Outcome(), condition)
			judge(l, c, ending, held...)
		},
		Entry("and finishes it", "", harness.Finished, "the client has sent nothing", Limit),
		Entry("and resets it where it has sent something", version, harness.Reset, "what the client sent is unread", Limit),
	)
})
