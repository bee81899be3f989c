package scenarios

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// tapAt opens a tap at a host.
func tapAt(h *netlab.Host) *netlab.Tap {
	GinkgoHelper()
	tap, err := h.Tap()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(tap.Close)
	return tap
}

// block puts a rule into the firewall of a host. It skips the spec if the
// kernel has no such rules.
func block(h *netlab.Host, rule netlab.Rule) *netlab.Block {
	GinkgoHelper()
	b, err := h.Block(rule)
	if err != nil {
		Available(h.Require(netlab.Firewall, netlab.Rejection, netlab.ConnectionTracking))
	}
	Expect(err).NotTo(HaveOccurred())
	return b
}

// closeInTurn closes both ends and waits until each one's FIN has come. What
// ends the network, and its rules before its links, then finds nothing on its
// way that could draw a RST.
func closeInTurn(ctx SpecContext, first, second *lab.Conn) {
	GinkgoHelper()
	Expect(first.CloseWrite()).To(Succeed())
	Expect(second.AwaitFinish(ctx)).To(Succeed())
	Expect(second.Close()).To(Succeed())
	Expect(first.AwaitFinish(ctx)).To(Succeed())
	Expect(first.Close()).To(Succeed())
}

// sentResets is how many RSTs the TCP of a host says that it has sent.
func sentResets(h *netlab.Host) int64 {
	GinkgoHelper()
	return counted(h, "OutRsts")
}

// counted is what the TCP of a host has counted under a name.
func counted(h *netlab.Host, name string) int64 {
	GinkgoHelper()
	count, err := h.Counter(name)
	Expect(err).NotTo(HaveOccurred())
	return count
}

// state is the state of a connection in the kernel's words.
func state(c *lab.Conn) string {
	GinkgoHelper()
	info, err := c.Info()
	Expect(err).NotTo(HaveOccurred())
	return string(info.State)
}

// retransmitted is how many segments of a connection were sent once more.
func retransmitted(c *lab.Conn) int {
	GinkgoHelper()
	info, err := c.Info()
	Expect(err).NotTo(HaveOccurred())
	return info.Retransmitted
}

// resetsIn returns the RSTs that a tap has seen and nobody has awaited.
func resetsIn(tap *netlab.Tap) []netlab.Segment {
	GinkgoHelper()
	seen, err := tap.Seen()
	Expect(err).NotTo(HaveOccurred())
	var resets []netlab.Segment
	for _, segment := range seen {
		if segment.Flags&netlab.RST != 0 {
			resets = append(resets, segment)
		}
	}
	return resets
}

// anyPort is every port of a host, for a rule.
func anyPort(h *netlab.Host) netip.AddrPort { return netip.AddrPortFrom(h.IP(), 0) }

// awaitSegment returns the next segment at a tap that matches.
func awaitSegment(ctx SpecContext, tap *netlab.Tap, match func(netlab.Segment) bool) netlab.Segment {
	GinkgoHelper()
	segment, err := tap.Await(ctx, match)
	Expect(err).NotTo(HaveOccurred())
	return segment
}
