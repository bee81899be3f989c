package scenarios

import (
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A keepalive probe has no data: the peer's kernel answers it and wakes nobody
// (tcp(7); net/ipv4/tcp_input.c, tcp_send_dupack). A device on the way sees it
// pass and may count it. An idle timeout in the peer's program, or in a proxy,
// which is the peer, does not.
var _ = Situation(catalogue.Situation{
	Name:  "keepalive-probes-are-no-activity",
	Title: "A keepalive probe to a program with an idle timeout",
	Cause: "idle-timeout",
	Drawing: `
client                 server's kernel         server
  probe  ───────────▶
         ◀───────────  ACK
                                               idle timeout: close
         ◀───────────  FIN
`,
	Client: "the end of the stream in spite of its probes",
	Server: "closes: its program has seen no byte",
	Twin:   "a heartbeat, which is data, keeps the connection",
	Script: `
--- does-not-keep-a-connection-that-the-peer-s-program-holds-for-idle
client set keepalive 1s 1s 3
server await data within 2500ms → not yet
server close → ok
client write "a" → 1
client read 1 → EOF
`,
}, func() {
	It("does not keep a connection that the peer's program holds for idle", About(claims.KeepalivePrevents), func(ctx SpecContext) {
		l := StartLab()
		reaper, err := servers.StartIdleReaper(l.Host("server"), 1, "")
		Expect(err).NotTo(HaveOccurred())
		client := dial(ctx, l, reaper.Addr())
		Expect(clients.Exchange(client, "a")).To(Succeed())
		before, err := client.Info()
		Expect(err).NotTo(HaveOccurred())

		// Nobody says anything, so that the segment which comes answers a probe.
		Expect(client.TCP().SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second})).To(Succeed())
		Eventually(ctx, client.Info).WithPolling(time.Millisecond).
			Should(HaveField("SegmentsIn", BeNumerically(">", before.SegmentsIn)))
		reaper.Tick()

		saw := clients.ExchangeThenClose(client, "a")
		Expect(survival(saw)).To(Equal("dropped, read: finished"), saw.String())
		Note(saw)
		Measured(claims.KeepalivePrevents, survival(saw), "it is TCP's probe and a program counts bytes")
		Expect(Recorded(l)).To(SatisfyAll(
			MoveCounter("TCPKeepAlive", 1),
			ShowStates("server", "ESTABLISHED", "FIN_WAIT1"),
		))
	}, Limit)
})
