package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// An idle timeout starts anew with every byte that its owner sees. A heartbeat
// at half of an agreed timeout, as RabbitMQ's clients send it, therefore keeps
// the connection as long as that half is shorter than the idle timeout. One
// unit of time stands for a second.
var _ = Situation(catalogue.Situation{
	Name:  "heartbeat-outlives-idle-timeout",
	Title: "A heartbeat against an idle timeout",
	Cause: "idle-timeout",
	Drawing: `
client                 server, or a proxy with an idle timeout of 20
 15  heartbeat ──────▶   idle for 0
 30  heartbeat ──────▶   idle for 0
     …
                      or
 20      ◀───────────  FIN
 30  heartbeat ──────▶
`,
	Client:     "the connection stays",
	Server:     "the connection stays",
	Twin:       "a heartbeat that is missing or too slow: the connection is dropped",
	Unscripted: "the clock is the program's",
}, func() {
	const idleTimeout, units = 20, 120

	// after spends units of time with the heartbeat timeout.
	after := func(ctx SpecContext, timeout int, route lab.Route) (saw lab.Outcome, beats int) {
		GinkgoHelper()
		l := StartLab()
		reaper, err := servers.StartIdleReaper(l.Host("server"), idleTimeout, "")
		Expect(err).NotTo(HaveOccurred())
		client, err := clients.StartHeartbeat(ctx, l.Host("client"), Reach(l, reaper, route), timeout)
		Expect(err).NotTo(HaveOccurred())
		for range units {
			client.Tick()
			reaper.Tick()
		}
		return client.Leave(), client.Beats
	}

	DescribeTable("keeps an idle connection", About(claims.HeartbeatRabbitMQ, claims.KeepalivePrevents),
		func(ctx SpecContext, route lab.Route) {
			saw, beats := after(ctx, 30, route)

			Expect(survival(saw)).To(Equal("outlived the timeout"), saw.String())
			Expect(beats).To(Equal(units/15), "heartbeats every 15 units")
			Note(saw)
			Measured(claims.HeartbeatRabbitMQ, survival(saw))
			Measured(claims.KeepalivePrevents, survival(saw), "the heartbeat is data")
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	DescribeTable("that is missing or too slow does not keep it",
		func(ctx SpecContext, timeout, wantBeats int) {
			saw, beats := after(ctx, timeout, lab.Direct)

			Expect(survival(saw)).To(Equal("dropped, read: finished"), saw.String())
			Expect(beats).To(Equal(wantBeats))
			Note(saw)
		},
		Entry("no heartbeat", 0, 0, Limit),
		Entry("a heartbeat timeout of 60 units, with a heartbeat at 30", 60, 0, Limit),
		Entry("a heartbeat timeout of 40 units, with a heartbeat at 20", 40, 1, Limit),
	)
})

// survival says whether a connection was alive when its own end closed it.
func survival(saw lab.Outcome) string {
	if saw.Ending == harness.Closed {
		return "outlived the timeout"
	}
	return "dropped, " + saw.First()
}
