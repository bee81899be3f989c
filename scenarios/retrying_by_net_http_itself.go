package scenarios

import (
	"fmt"
	"net/http"

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

// A kept-alive connection that is reset may have been closed while it was
// idle, before the request came. Go's client takes that for granted: if the
// connection was used before and the method is safe, it repeats the request
// on another one and tells nobody (net/http, persistConn.shouldRetryRequest;
// RFC 9112, section 9.3.1). A POST, or the first request on a connection,
// fails.
var _ = Situation(catalogue.Situation{
	Name:  "retrying-by-net-http-itself",
	Title: "Retrying by net/http itself",
	Cause: "cut-mid-reply",
	Drawing: `
client              proxy              server
  GET /6 ─────────▶       ─────────▶   executes it
         ◀─────────       ◀─────────   reply
  GET /7 ─────────▶       ─────────▶   executes it
         ◀════════  RST X ◀─────────   reply
  GET /7 ─────────▶       ─────────▶   executes it again
`,
	Client:     "a GET on a used connection succeeds, a POST: ECONNRESET",
	Server:     "executes the GET twice",
	Twin:       "the first request on a connection is not repeated",
	Unscripted: "the client that tries again is a program, and a proxy stands between",
}, func() {
	DescribeTable("executes",
		func(ctx SpecContext, method string, keepAlive bool, executed int, ending harness.Ending) {
			l := StartLab()
			shop, err := servers.StartOrders(l.Host("server"))
			Expect(err).NotTo(HaveOccurred())
			proxy, err := l.Proxy(shop)
			Expect(err).NotTo(HaveOccurred())
			customer := clients.NewCustomer(ctx, l.Host("client"), proxy.Addr(), keepAlive)
			defer customer.Close()

			Expect(customer.Order(ctx, method, "/order-6")).To(Succeed())
			cut, err := proxy.Cut(harness.Cut{Toward: harness.Client, With: harness.SendReset, Times: 1})
			Expect(err).NotTo(HaveOccurred())
			err = customer.Order(ctx, method, "/order-7")

			Expect(cut.Struck()).To(BeTrue(), "the reset never came: this proved nothing")
			Expect(harness.EndingOf(err)).To(Equal(ending), "%v", err)
			Expect(shop.Executed("/order-7")).To(Equal(executed))
			Note(customer.Outcomes()...)
			customer.Close()
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "proxy"), Because("TCP_STATE"), WithFlags("RST ACK")))
		},
		func(method string, keepAlive bool, executed int, ending harness.Ending) string {
			which := map[bool]string{true: "reused", false: "new"}[keepAlive]
			return fmt.Sprintf("a %s on a %s connection %d×", method, which, executed)
		},
		Entry(nil, http.MethodGet, true, 2, harness.Open, Limit),
		Entry(nil, http.MethodPost, true, 1, harness.Reset, Limit),
		Entry(nil, http.MethodGet, false, 1, harness.Reset, Limit),
	)
})
