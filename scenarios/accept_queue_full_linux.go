package scenarios

import (
	"context"
	"os"
	"strings"
	"time"

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

// Connections that a busy server has not accepted wait in a queue. When it is
// full the kernel drops each further SYN (net/ipv4/tcp_input.c,
// tcp_conn_request) and the client sends it again after a second or more:
// nobody is refused, nothing is reset, and whoever has the patience gets in.
// tcp_abort_on_overflow=1 (tcp(7)) makes a RST of it, yet only where the queue
// fills up between SYN and ACK.
var _ = Situation(catalogue.Situation{
	Name:  "accept-queue-full",
	Title: "A full accept queue",
	Cause: "accept-queue-full",
	Drawing: `
client                 kernel                 busy server
  SYN    ───────────▶    queue full: dropped
  SYN    ───────────▶    queue full: dropped
                         room       ◀────────  accept
  SYN    ───────────▶
         ◀───────────  SYN-ACK
`,
	Client: "connect waits, and is neither refused nor reset",
	Server: "nothing: its kernel drops the SYN",
	Twin:   "there is room: the next client gets in",
	Script: `
--- full
listener listen backlog 0; client connect
client2 set nonblocking on
client2 connect → EINPROGRESS
client2 state → SYN_SENT
client2 poll → nothing
wire rst from listener → 0
server accept → ok
client close
server read 1 → EOF
`,
}, func() {
	const backlog = 1
	// fill returns a listener with a full accept queue, and who waits in it.
	fill := func(ctx SpecContext, l *lab.Lab) (listener *lab.Listener, waiting []*lab.Conn) {
		GinkgoHelper()
		listener, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		l.Own(listener)
		Expect(listener.SetBacklog(backlog)).To(Succeed())
		for i := range backlog + 1 {
			waiting = append(waiting, dial(ctx, l, listener.Addr()))
			Eventually(ctx, listener.Queue).WithPolling(time.Millisecond).Should(HaveField("Length", i+1))
		}
		return listener, waiting
	}
	// knock begins to connect and returns when the kernel has dropped a SYN.
	knock := func(ctx context.Context, l *lab.Lab, listener *lab.Listener) <-chan *lab.Conn {
		GinkgoHelper()
		before, err := listener.Queue()
		Expect(err).NotTo(HaveOccurred())
		dialled := make(chan *lab.Conn, 1)
		go func() {
			c, _ := l.Host("client").Dial(ctx, listener.Addr()) // its error is in the outcome
			dialled <- c
		}()
		Eventually(ctx, listener.Queue).WithPolling(time.Millisecond).
			Should(HaveField("Dropped", BeNumerically(">", before.Dropped)))
		return dialled
	}

	It("leaves the next client without an answer and resets nobody", Named("full"), About(claims.ServerBusy), func(ctx SpecContext) {
		l := StartLab()
		listener, waiting := fill(ctx, l)

		var client *lab.Conn
		patience, giveUp := context.WithCancel(ctx)
		dialled := knock(patience, l, listener)
		giveUp()
		Eventually(ctx, dialled).Should(Receive(&client))
		lab.ServeListener(listener, servers.Echo)

		Expect(client.Outcome()).To(EndIn("connect", harness.GaveUp))
		for _, client := range waiting {
			Expect(clients.ExchangeThenClose(client, "a")).To(EndIn("close", harness.Closed))
		}
		abort := sysctl("net/ipv4/tcp_abort_on_overflow")
		Measured(claims.ServerBusy, client.Outcome(), "tcp_abort_on_overflow is "+abort)
		Expect(Recorded(l)).To(SatisfyAll(ShowNoReset(), ShowStates("client", "SYN_SENT", "CLOSE")))
	}, Limit)

	It("lets the next client in when there is room", func(ctx SpecContext) {
		l := StartLab()
		listener, _ := fill(ctx, l)

		var client *lab.Conn
		dialled := knock(ctx, l, listener)
		lab.ServeListener(listener, servers.Echo)
		Eventually(ctx, dialled).Should(Receive(&client))
		info, err := client.Info()
		Expect(err).NotTo(HaveOccurred())

		Expect(info.Retransmitted).To(BeNumerically(">", 0), "SYNs sent again")
		Expect(clients.ExchangeThenClose(client, "a")).To(EndIn("close", harness.Closed))
		Note(client.Outcome())
	}, Limit)
})

// sysctl returns a setting of the system, by its path below /proc/sys.
func sysctl(path string) string {
	GinkgoHelper()
	text, err := os.ReadFile("/proc/sys/" + path)
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(text))
}
