package scenarios

import (
	"errors"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A server that wants each segment signed, as routers do for BGP, drops what is
// not, and says nothing: its client times out and sees no RST. A RST that is
// not signed is dropped as well, which is what the signature is for (RFC 2385,
// section 1; net/ipv4/tcp_ipv4.c, tcp_inbound_hash).
var _ = Situation(catalogue.Situation{
	Name:   "signature-missing",
	Title:  "A client without the wanted signature",
	Cause:  "signature-missing",
	Labels: []string{"needs:root"},
	Drawing: `
client                 server
  SYN    ───────────▶    no signature: dropped
  SYN    ───────────▶    dropped
`,
	Client:     "connect: ETIMEDOUT",
	Server:     "nothing: its kernel drops the SYN",
	Twin:       "it need not sign: it is answered",
	Unscripted: "TCP-MD5 needs a key in the socket, which no call of a script sets",
}, func() {
	DescribeTable("is answered",
		func(ctx SpecContext, signs bool) {
			l, server, peer := startPeer("server")
			listener := listen(ctx, l)
			signer := peer.IP()
			if !signs {
				signer = signer.Next()
			}
			err := servers.RequireSignature(listener, signer, "secret")
			if errors.Is(err, syscall.ENOPROTOOPT) {
				Skip("TCP-MD5: the kernel has to be built with CONFIG_TCP_MD5SIG: " + err.Error())
			}
			Expect(err).NotTo(HaveOccurred())
			before := counters(server)
			elsewhere := synTo(peer, listener)
			elsewhere.Destination = netip.AddrPortFrom(server.IP(), 1)

			say(peer, synTo(peer, listener))
			say(peer, elsewhere)
			first, err := peer.Receive(ctx)

			Expect(err).NotTo(HaveOccurred())
			moved := countedSince(server, before)
			if !signs {
				Expect(first.Flags).To(Equal(netlab.SYN|netlab.ACK), "it is another who has to sign")
				Expect(moved).NotTo(HaveKey("TCPMD5NotFound"))
				return
			}
			Expect(first.Source).To(Equal(elsewhere.Destination), "the SYN before was answered by %v", first)
			Expect(moved).To(HaveKeyWithValue("TCPMD5NotFound", int64(1)))
			Expect(Recorded(l)).To(ShowReset(Because("NO_SOCKET")))
		},
		Entry("by nothing, not even a RST", true, Limit),
		Entry("as everybody is if it need not sign", false, Limit),
	)
})
