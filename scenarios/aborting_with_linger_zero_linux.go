package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// SO_LINGER with a timeout of 0 turns close into an abort: a RST goes out in
// the place of a FIN, whether anything is unread or not (socket(7); RFC 9293,
// section 3.10.5). It does so when the last descriptor of the socket is
// closed; a duplicate, as a child process inherits, keeps the connection
// alive.
var _ = Situation(catalogue.Situation{
	Name:  "aborting-with-linger-zero",
	Title: "Aborting with linger 0",
	Cause: "linger-zero",
	Drawing: `
client                 server
  "a"    ───────────▶
                         read 1 byte
                         linger 0, close
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET",
	Server: "close: 0",
	Twin:   "without the option the client reads the end of the stream",
	Script: `
--- nothing-unread/direct
client write "a"
server read 1 → "a"
server abort → ok
client read 1 → ECONNRESET
--- unread/direct
client write "ab"
server read 1 → "a"
server abort → ok
client read 1 → ECONNRESET
--- is-a-matter-of-the-option-without-it-the-client-sees-the-end-of-the-stream
client write "a"
server read 1 → "a"
server close → ok
client read 1 → EOF
--- does-nothing-while-a-duplicate-of-the-descriptor-is-open
server dup as copy
server abort → ok
copy write "x" → 1
client read 1 → "x"
copy close
client read 1 → ECONNRESET
`,
}, func() {
	DescribeTable("resets the client",
		func(ctx SpecContext, text string, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.ReadOneByteThenAbort)

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), text)

			Expect(saw).To(EndIn("read", harness.Reset))
			Note(saw)
			reason := map[string]string{"a": "TCP_STATE", "ab": "TCP_ABORT_ON_CLOSE"} // unread bytes come first
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because(reason[text]), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		EntryDescription("after %q, of which the server reads 1 byte (%s)"),
		Entry(nil, "a", lab.Direct, Named("nothing-unread"), Via(lab.Direct), Limit),
		Entry(nil, "a", lab.Proxied, Named("nothing-unread"), Via(lab.Proxied), Limit),
		Entry(nil, "ab", lab.Direct, Named("unread"), Via(lab.Direct), Limit),
		Entry(nil, "ab", lab.Proxied, Named("unread"), Via(lab.Proxied), Limit),
	)

	It("is a matter of the option: without it the client sees the end of the stream", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "a")

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(l)).To(SatisfyAll(ShowNoReset(), ShowStates("server", "ESTABLISHED", "FIN_WAIT1")))
	}, Limit)

	It("does nothing while a duplicate of the descriptor is open", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)
		duplicate, err := server.TCP().File()
		Expect(err).NotTo(HaveOccurred())
		defer duplicate.Close()

		Expect(server.Abort()).To(Succeed())
		_, err = duplicate.WriteString("x")
		Expect(err).NotTo(HaveOccurred())
		clients.ReadByte(client)
		alive := client.Outcome()
		Expect(duplicate.Close()).To(Succeed())
		clients.ReadByte(client)

		Expect(alive.Ending).To(Equal(harness.Open), alive.String())
		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)
})
