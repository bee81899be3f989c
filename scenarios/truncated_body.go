package scenarios

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// Whether a client can tell that a reply was cut short depends on how the
// reply says where it ends. A length or chunks tell after a FIN and after a
// RST. Without either the FIN is the end (RFC 9112, section 6.3, number 8):
// half of the reply passes for the whole, unless a RST says otherwise.
var _ = Situation(catalogue.Situation{
	Name:   "truncated-body",
	Title:  "A body that is cut in half",
	Cause:  "truncated",
	Labels: []string{"cause:proxy"},
	Drawing: `
client              proxy              server
  GET      ────────▶     ────────────▶
           ◀────────     ◀────────────  head, "0123456789"
  "01234"
           ◀════════  RST, or FIN
`,
	Client:     "an error if a length or chunks tell; otherwise half of the reply, and success",
	Server:     "aborts or closes within the reply",
	Twin:       "nothing cuts it: the body is whole",
	Unscripted: "HTTP decides, above the sockets, and a proxy stands between",
}, func() {
	const (
		byLength = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
		byChunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"
		byClose  = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789"
	)
	DescribeTable("is seen by net/http's client",
		func(ctx SpecContext, reply string, with harness.Action, sees harness.Ending) {
			l := StartLab()
			server := Serve(l, servers.AnswerThenLinger(reply))
			half := int64(strings.Index(reply, "56789"))
			proxy, err := l.Proxy(server, harness.Cut{Toward: harness.Client, After: half, With: with})
			Expect(err).NotTo(HaveOccurred())

			body, err := clients.Get(ctx, l.Host("client"), proxy.Addr())

			Expect(body).To(Equal("01234"))
			Expect(harness.EndingOf(err)).To(Equal(sees), "%v", err)
			Expect(proxy.Cuts()[0].Struck).To(BeTrue())
			if with == harness.SendReset {
				Expect(Recorded(l)).To(ShowReset(
					SentBy(evidence.Application, "proxy"), Because("TCP_STATE"), WithFlags("RST ACK")))
			}
		},
		Entry("a length and a RST: as a reset", byLength, harness.SendReset, harness.Reset, Limit),
		Entry("a length and a FIN: as an unexpected end", byLength, harness.SendFIN, harness.Finished, Limit),
		Entry("chunks and a RST: as a reset", byChunks, harness.SendReset, harness.Reset, Limit),
		Entry("chunks and a FIN: as an unexpected end", byChunks, harness.SendFIN, harness.Finished, Limit),
		Entry("neither and a RST: as a reset", byClose, harness.SendReset, harness.Reset, Limit),
		Entry("neither and a FIN: not at all", byClose, harness.SendFIN, harness.Open, Limit),
	)

	It("is whole when nothing cuts it", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.AnswerThenLinger(byClose))
		proxy, err := l.Proxy(server)
		Expect(err).NotTo(HaveOccurred())

		body, err := clients.Get(ctx, l.Host("client"), proxy.Addr())

		Expect(err).NotTo(HaveOccurred())
		Expect(body).To(Equal("0123456789"))
	}, Limit)
})
