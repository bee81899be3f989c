package scenarios

import (
	"net"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The system's settings are only what a socket uses once SO_KEEPALIVE is on
// (tcp(7), tcp_keepalive_time), and a socket starts with it off (RFC 9293,
// section 3.8.4). Go's dialer switches it on with times of its own, so that a
// Go program follows the system's settings neither way.
var _ = Situation(catalogue.Situation{
	Name:  "keepalive-must-be-enabled",
	Title: "The system's keepalive settings",
	Cause: "flow-expired",
	Drawing: `
sysctl tcp_keepalive_time ──▶ TCP_KEEPIDLE of every new socket
                                SO_KEEPALIVE off: no probe, whatever it says
                                SO_KEEPALIVE on:  the first probe after it
`,
	Client:     "a plain socket uses them when it enables keepalive",
	Server:     "nothing",
	Twin:       "Go's dialer enables keepalive by itself, with times of its own",
	Unscripted: "it reads an option back, and a script only sets them",
}, func() {
	It("apply to a plain socket only when it enables keepalive", About(claims.KeepaliveMustBeEnabled), func(ctx SpecContext) {
		l := StartLab()
		socket, err := clients.DialPlain(Serve(l, servers.Echo).Addr())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(socket.Close)

		before, err := clients.KeepaliveOf(socket)
		Expect(err).NotTo(HaveOccurred())
		Expect(clients.EnableKeepalive(socket)).To(Succeed())
		after, err := clients.KeepaliveOf(socket)
		Expect(err).NotTo(HaveOccurred())

		Expect(before.On).To(BeFalse())
		Expect(after).To(Equal(systemKeepalive()))
		Measured(claims.KeepaliveMustBeEnabled, sinceWhen(before))
	}, Limit)

	It("never apply to a program that leaves Go's dialer as it is", About(claims.KeepaliveMustBeEnabled), func(ctx SpecContext) {
		l := StartLab()
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", Serve(l, servers.Echo).Addr())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(conn.Close)

		saw, err := clients.KeepaliveOf(conn.(*net.TCPConn))
		Expect(err).NotTo(HaveOccurred())

		const goDefault = 15 * time.Second
		Expect(saw).To(Equal(clients.Keepalive{On: true, Idle: goDefault, Interval: goDefault, Probes: 9}))
		Measured(claims.KeepaliveMustBeEnabled, sinceWhen(saw), "the program is in Go and sets no KeepAliveConfig")
	}, Limit)
})

// sinceWhen says since when a socket has keepalive that was found like this
// before anybody asked for it.
func sinceWhen(found clients.Keepalive) string {
	if found.On {
		return "on from the start"
	}
	return "off until enabled"
}

// systemKeepalive is keepalive by the system's settings.
func systemKeepalive() clients.Keepalive {
	GinkgoHelper()
	setting := func(name string) int {
		GinkgoHelper()
		value, err := strconv.Atoi(sysctl("net/ipv4/tcp_keepalive_" + name))
		Expect(err).NotTo(HaveOccurred())
		return value
	}
	return clients.Keepalive{
		On:       true,
		Idle:     time.Duration(setting("time")) * time.Second,
		Interval: time.Duration(setting("intvl")) * time.Second,
		Probes:   setting("probes"),
	}
}
