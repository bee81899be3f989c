package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A client that is gone before the server came to accept is accepted all the
// same on Linux, and even what it sent is there to read; the first read or
// write behind that gets the reset. POSIX lets accept fail with ECONNABORTED
// instead, which BSD does (accept(2); Stevens, UNP 3e, section 5.11).
var _ = Situation(catalogue.Situation{
	Name:  "aborting-before-accept",
	Title: "A client that leaves before accept",
	Cause: "left-before-accept",
	Drawing: `
client                 server
  connect ◀──────────▶  (queued)
  "hi"    ──────────▶
  RST     ══════════▶
                         accept: ok
                         read: 2 bytes, ECONNRESET
`,
	Client: "its abort succeeds",
	Server: "accept and the first read succeed, the next call: ECONNRESET",
	Twin:   "the client closes with FIN: the server reads what was sent and the end of the stream",
	Script: `
--- aborted
listener listen; client connect; client write "hi"; client abort
server accept → ok
server read 10 → "hi"
server read 10 → ECONNRESET
--- closed
listener listen; client connect; client write "hi"; client close
server accept → ok
server read 10 → "hi"
server read 10 → EOF
`,
}, func() {
	accepted := func(ctx SpecContext, leave func(*lab.Conn) error) (lab.Outcome, *evidence.Recording) {
		GinkgoHelper()
		l := StartLab()
		listener, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		defer listener.Close()
		client, err := l.Host("client").Dial(ctx, listener.Addr())
		Expect(err).NotTo(HaveOccurred())
		Expect(listener.AwaitConnection(ctx)).To(Succeed())

		client.Write([]byte("hi"))
		Expect(leave(client)).To(Succeed())
		server, err := listener.Accept(ctx)
		Expect(err).NotTo(HaveOccurred())
		buffer := make([]byte, 4)
		for err == nil {
			_, err = server.Read(buffer)
		}
		Note(client.Outcome(), server.Outcome())
		return server.Outcome(), Recorded(l, client, server)
	}

	It("is accepted, read, and then found reset", Named("aborted"), func(ctx SpecContext) {
		saw, recording := accepted(ctx, (*lab.Conn).Abort)

		Expect(saw).To(EndIn("read", harness.Reset))
		Expect(saw.Received).To(Equal(int64(2)))
		Expect(recording).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("server", "ESTABLISHED", "CLOSE"),
		))
	}, Limit)

	It("is accepted, read, and found finished if it closed", Named("closed"), func(ctx SpecContext) {
		saw, recording := accepted(ctx, (*lab.Conn).Close)

		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(saw.Received).To(Equal(int64(2)))
		Expect(recording).To(ShowNoReset())
	}, Limit)
})
