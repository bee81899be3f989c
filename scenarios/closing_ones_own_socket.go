package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// "Socket closed", net.ErrClosed in Go, is no word from the network: this very
// program has closed the connection, as a browser does that reloads a page,
// and something of it still used the socket. The peer sees what close sent, a
// FIN or a RST, and can never bring the error about.
var _ = Situation(catalogue.Situation{
	Name:  "closing-ones-own-socket",
	Title: "Closing one's own socket",
	Cause: "own-close",
	Drawing: `
client                 server
  read …
  close  ───────────▶  read: end of stream
  read: closed
`,
	Client: "the waiting read: net.ErrClosed",
	Server: "reads the end of the stream",
	Twin:   "a RST of the peer looks otherwise: ECONNRESET",
	Script: `
--- is-not-what-the-peer-s-rst-looks-like
client read 1 → waits
server abort
client returns → ECONNRESET
`,
}, func() {
	It("fails the read that was waiting, and the peer sees a FIN", About(claims.SocketClosed), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)
		reading := make(chan error, 1)

		go func() {
			_, err := client.Read(make([]byte, 1))
			reading <- err
		}()
		Expect(client.Close()).To(Succeed())
		var err error
		Eventually(ctx, reading).Should(Receive(&err))
		server.Read(make([]byte, 1))

		Expect(harness.EndingOf(err)).To(Equal(harness.Closed))
		Expect(server.Outcome()).To(EndIn("read", harness.Finished))
		Measured(claims.SocketClosed, harness.EndingOf(err))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, server)).To(SatisfyAll(ShowNoReset(), ShowStates("server", "ESTABLISHED", "CLOSE_WAIT")))
	}, Limit)

	It("is not what the peer's RST looks like", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.Abort()).To(Succeed())
		client.Read(make([]byte, 1))

		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)
})
