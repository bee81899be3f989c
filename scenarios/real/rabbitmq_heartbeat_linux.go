package real

import (
	"bytes"
	_ "embed"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A firewall on the way forgets a connection that was idle, and resets what comes
// of it then: that tells the client, which speaks, and not the broker. RabbitMQ and
// its clients agree on a heartbeat time-out, by which each end sends a frame of 8
// bytes in half of it (AMQP 0-9-1, section 4.2.7), so that the connection is never
// idle. A client that is silent for longer than that the broker gives up itself.
var _ = Situation(catalogue.Situation{
	Name:   "rabbitmq-heartbeat",
	Title:  "RabbitMQ's heartbeat at a firewall that forgets",
	Cause:  "flow-expired",
	Labels: []string{"needs:netns", "real:rabbitmq", "real:pika"},
	Drawing: `
pika                   firewall               RabbitMQ
  heartbeat=0            idle: forgets          ESTABLISHED
  queue.declare ───────▶ unknown
           ◀═══════════  RST
  "ConnectionResetError(104, 'Connection reset by peer')"
                      or
  heartbeat ───────────────────────────────────▶
            ◀───────────────────────────────────  heartbeat
`,
	Client: `without a heartbeat: "Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')"`,
	Server: `nothing of it; of a client whose heartbeats stop: "missed heartbeats from client"`,
	Twin:   "with a heartbeat: the connection stays",
}, func() {
	It("keeps a connection that is dropped without it, and ends one whose client is stopped",
		About(claims.HeartbeatRabbitMQ, claims.KeepalivePrevents, claims.IdleTimeout, claims.NotFromPeer), func(ctx SpecContext) {
			const forgets, heartbeat = 8, 2 // seconds: they go every second, and a busy machine may be late
			l, at, router, _ := StartTriple()
			_, err := router.Block(netlab.Rule{Hook: netlab.Forward, Invalid: true, Verdict: netlab.RejectReset})
			Available(err)
			Expect(router.SetSysctl("net.netfilter.nf_conntrack_tcp_loose", "0")).To(Succeed()) // or it learns anew what it forgot
			broker := start(ctx, l.Host("server"), recipes.RabbitMQ())
			tap, err := at.Tap()
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(tap.Close)
			beating, silent := amqp(ctx, l, broker, heartbeat), amqp(ctx, l, broker, 0)

			Expect(router.SetSysctl("net.netfilter.nf_conntrack_tcp_timeout_established", strconv.Itoa(forgets))).To(Succeed())
			for _, c := range []*interpreter{beating, silent} { // a segment, from which on that counts
				c.says(ctx, "declare", "declared")
			}
			for _, outgoing := range []bool{true, false} {
				_, err = tap.Await(ctx, func(s netlab.Segment) bool {
					return s.Outgoing == outgoing && bytes.HasSuffix(s.Payload, []byte(heartbeatFrame))
				})
				Expect(err).NotTo(HaveOccurred())
			}
			Eventually(ctx, router.Flows).WithPolling(50 * time.Millisecond).Should(BeNumerically("<=", 1))
			lost := `StreamLostError: ("Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')",)`
			silent.says(ctx, "declare", lost)
			beating.says(ctx, "declare", "declared")

			Expect(causes.Search(lost)).NotTo(BeEmpty())
			Measured(claims.IdleTimeout, "read: "+string(saying(lost)))
			Measured(claims.NotFromPeer, "read: "+string(saying(lost)))
			Measured(claims.HeartbeatRabbitMQ, "outlived the timeout")
			Measured(claims.KeepalivePrevents, "outlived the timeout", "the heartbeat is data")
			Expect(broker.Text()).NotTo(ContainSubstring("closing AMQP connection"), "nobody has told the broker")

			Expect(beating.Pause(ctx)).To(Succeed())
			logs(ctx, broker, "missed heartbeats from client, timeout: 2s", 1)
			Expect(beating.Resume()).To(Succeed())
			_, err = beating.Exit(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(beating.Text()).To(MatchRegexp(`^connected\ndeclared\ndeclared\n(StreamLostError|AMQPHeartbeatTimeout)`))
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Between, "")))
		}, SpecTimeout(8*time.Minute)) // the start of the broker is ten seconds of work, minutes on a machine that is very busy
})

// heartbeatFrame is a heartbeat of AMQP's (0-9-1, section 4.2.3).
const heartbeatFrame = "\x08\x00\x00\x00\x00\x00\x00\xce"

//go:embed testdata/amqp.py
var amqpClient string

// amqp starts a client of the broker's, with that heartbeat time-out in seconds,
// that has connected.
func amqp(ctx SpecContext, l *lab.Lab, broker *lab.Program, heartbeat int) *interpreter {
	GinkgoHelper()
	client, input := typing(ctx, l, recipes.Pika(broker.Addr(), amqpClient, strconv.Itoa(heartbeat)))
	awaitLine(ctx, client, "connected")
	return &interpreter{client, input, 1}
}
