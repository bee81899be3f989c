package scenarios

import (
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// UDP has no RST. A datagram for a port without a socket comes back as ICMP
// port unreachable, and that is ECONNREFUSED to Linux (udp(7);
// net/ipv4/icmp.c, icmp_err_convert), ECONNRESET to Windows. Only a connected
// socket learns of it, for only there the kernel knows whom the message
// concerns; one that is not connected sends on and hears nothing.
var _ = Situation(catalogue.Situation{
	Name:  "sending-to-a-closed-port",
	Title: "A datagram to a closed port",
	Cause: "datagram-refused",
	Drawing: `
client                 nobody
  "hello" ──────────▶
          ◀──────────  ICMP port unreachable
  read: ECONNREFUSED
`,
	Client:     "the next call on a connected socket: ECONNREFUSED",
	Server:     "is not there",
	Twin:       "a socket that is not connected: nothing",
	Unscripted: "it is about UDP",
}, func() {
	It("refuses the next call on a connected socket", About(claims.Datagram), func(ctx SpecContext) {
		l := StartLab()

		saw := clients.SendDatagram(ctx, l.Host("client"), closedPort(), "hello")

		Expect(saw).To(EndIn("read", harness.Refused))
		Measured(claims.Datagram, saw.Ending)
		Note(saw)
	}, Limit)

	It("is answered if the port is open", func(ctx SpecContext) {
		l := StartLab()
		port := openPort()

		go answerOnce(port)
		saw := clients.SendDatagram(ctx, l.Host("client"), port.LocalAddr().String(), "hello")

		Expect(saw.Ending).To(Equal(harness.Open), saw.String())
		Note(saw)
	}, Limit)

	It("goes unnoticed by a socket that is not connected", func(ctx SpecContext) {
		sender, port := openPort(), openPort()
		closed, err := net.ResolveUDPAddr("udp", closedPort())
		Expect(err).NotTo(HaveOccurred())

		go answerOnce(port)
		_, first := sender.WriteTo([]byte("lost"), closed)
		_, second := sender.WriteTo([]byte("hello"), port.LocalAddr())
		n, _, err := sender.ReadFrom(make([]byte, 16))

		Expect([]error{first, second, err}).To(HaveEach(Succeed()))
		Expect(n).To(Equal(5))
	}, Limit)
})

// openPort opens a datagram socket that is closed with the spec.
func openPort() net.PacketConn {
	GinkgoHelper()
	port, err := net.ListenPacket("udp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(port.Close)
	return port
}

// closedPort returns an address that stays closed to others while the spec
// runs: its socket is connected and takes datagrams from its peer alone.
func closedPort() string {
	GinkgoHelper()
	port, err := net.Dial("udp", openPort().LocalAddr().String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(port.Close)
	return port.LocalAddr().String()
}

// answerOnce sends the first datagram back, if one comes.
func answerOnce(port net.PacketConn) {
	datagram := make([]byte, 4096)
	if n, from, err := port.ReadFrom(datagram); err == nil {
		port.WriteTo(datagram[:n], from)
	}
}
