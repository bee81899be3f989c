package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// sshd asks a client that has been silent for ClientAliveInterval whether it
// is alive, through the encrypted channel, ClientAliveCountMax times
// (sshd_config(5)). When the interval after the last unanswered message is
// over as well it closes (serverloop.c, client_alive_check). One unit of time
// stands for one interval.
var _ = Situation(catalogue.Situation{
	Name:  "unresponsive-client-dropped",
	Title: "A server that asks whether its client is alive",
	Cause: "alive-check-failed",
	Drawing: `
client                 server
  1      ◀───────────  alive?
  2      ◀───────────  alive?
  3      ◀───────────  alive?
  4      ◀───────────  FIN
`,
	Client:     "the end of the stream",
	Server:     "closes after its last question went unanswered",
	Twin:       "a client that answers is kept",
	Unscripted: "the clock is the program's",
}, func() {
	const countMax, login, message = 3, "login\n", "alive?\n"
	start := func(ctx SpecContext) (server *servers.IdleReaper, client *lab.Conn) {
		GinkgoHelper()
		l := StartLab()
		server, err := servers.StartIdleReaper(l.Host("server"), countMax+1, message)
		Expect(err).NotTo(HaveOccurred())
		client = dial(ctx, l, server.Addr())
		Expect(clients.Exchange(client, login)).To(Succeed())
		return server, client
	}

	It("drops the one that does not answer", About(claims.ClientAlive), func(ctx SpecContext) {
		server, client := start(ctx)

		for range countMax + 1 {
			server.Tick()
		}
		clients.ReadAll(client)
		saw := client.Outcome()

		asked := (int(saw.Received) - len(login)) / len(message)
		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(asked).To(Equal(countMax))
		Note(saw)
		Measured(claims.ClientAlive, fmt.Sprintf("%d messages unanswered, then %s", asked, saw.First()))
	}, Limit)

	It("keeps the one that answers", func(ctx SpecContext) {
		server, client := start(ctx)

		for range 10 * countMax {
			server.Tick()
			Expect(clients.Answer(client, message, "yes\n")).To(Succeed())
		}

		Expect(survival(clients.ExchangeThenClose(client, "logout\n"))).To(Equal("outlived the timeout"))
		Note(client.Outcome())
	}, Limit)
})
