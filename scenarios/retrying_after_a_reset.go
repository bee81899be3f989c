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
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A client that gets ECONNRESET cannot know what became of its request. The
// RST looks the same whether the request was lost on the way there or the
// reply on the way back, so that a retry may do the work twice (RFC 9110,
// section 9.2.2). What helps is a server that recognises the repetition.
var _ = Situation(catalogue.Situation{
	Name:  "retrying-after-a-reset",
	Title: "Retrying after a reset",
	Cause: "cut-mid-reply",
	Drawing: `
client              proxy              server
  order  ─────────▶       ─────────▶
                                         executes it
                       X  ◀─────────   reply
         ◀════════  RST
  order  ─────────▶       ─────────▶
                                         executes it again
`,
	Client:     "ECONNRESET, and success at the second try",
	Server:     "executes the order twice if only the reply was lost",
	Twin:       "the server recognises the repetition: once",
	Unscripted: "the client that tries again is a program, and a proxy stands between",
}, func() {
	type row struct {
		when string
		lost harness.End // whose first byte is withheld
		key  string
	}
	DescribeTable("executes an order", About(claims.GoHandle),
		func(ctx SpecContext, executed int, r row) {
			l := StartLab()
			shop, err := servers.StartOrders(l.Host("server"))
			Expect(err).NotTo(HaveOccurred())
			proxy, err := l.Proxy(shop, harness.Cut{Toward: r.lost, With: harness.SendReset, Times: 1})
			Expect(err).NotTo(HaveOccurred())
			customer := clients.NewCustomer(ctx, l.Host("client"), proxy.Addr(), false)
			defer customer.Close()
			customer.Key = r.key

			Expect(customer.OrderAndRetry(ctx, http.MethodPost, "/order-7", 2)).To(Succeed())

			Expect(proxy.Cuts()[0].Struck).To(BeTrue(), "the reset never came: this proved nothing")
			Expect(shop.Executed("/order-7")).To(Equal(executed))
			Note(customer.Outcomes()...)
			Measured(claims.GoHandle, fmt.Sprintf("executions: %d", shop.Executed("/order-7")), r.when)
			customer.Close()
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "proxy"), Because("TCP_STATE"), WithFlags("RST ACK")))
		},
		func(executed int, r row) string { return fmt.Sprintf("%d× if %s", executed, r.when) },
		Entry(nil, 2, row{"only the reply was lost", harness.Client, ""}, Named("reply-lost"), Limit),
		Entry(nil, 1, row{"the request was lost before it was executed", harness.Server, ""}, Limit),
		Entry(nil, 1, row{"the server recognises a repeated request", harness.Client, "order-7"}, Limit),
	)
})
