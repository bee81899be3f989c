package scenarios

import (
	"io"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A device that changes what passes, and makes TCP's checksum fit, is found
// out by the checksum of Multipath TCP's own. The subflow that went through it
// is reset, what it bore is sent again over another, and the programs notice
// nothing (RFC 8684, section 3.7; net/mptcp/subflow.c, validate_data_csum). Over
// plain TCP the server reads what the device wrote.
var _ = Situation(catalogue.Situation{
	Name:   "multipath-corrupted-on-the-way",
	Title:  "Data changed on the way",
	Cause:  "changed-on-the-way",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
  data   ── subflow 1 ─▶  changes it  ───────▶  wrong checksum
         ◀═══════════════════════════════════  RST, of subflow 1
  data   ── subflow 2 ───────────────────────▶  read: right
`,
	Client:     "nothing: what was lost is sent again over another subflow",
	Server:     "reads what was sent",
	Twin:       "over plain TCP the server reads what the device wrote",
	Unscripted: "a device on the way changes segments",
}, func() {
	text := strings.Repeat("resetlab", 64)

	It("resets the subflow of a Multipath TCP connection, and nobody notices", func(ctx SpecContext) {
		l, client, router, server := startMultipath(netlab.MPTCPChecksums, netlab.Corruption)
		for _, host := range []*netlab.Host{client, server} {
			Expect(host.SetSysctl("net.mptcp.checksum_enabled", "1")).To(Succeed())
		}
		c, far := connectedTo(ctx, l, listen(ctx, l))
		send(c, far, "a")
		joined(ctx, server)
		corrupt(router, client)

		for counters(server)["MPRstTx"] == 0 && ctx.Err() == nil {
			send(c, far, text)
		}
		send(c, far, text)

		Expect(counters(server)["DataCsumErr"]).To(BeNumerically(">", 0))
		Expect(c.Outcome().Ending).To(Equal(harness.Open))
		Expect(far.Outcome().Ending).To(Equal(harness.Open))
		Note(c.Outcome(), far.Outcome())
		r := Recorded(l, c, far)
		Expect(r).To(ShowReset(SentBy(evidence.Application, "server"), Because("MPTCP_RST_EMIDDLEBOX"),
			WithFlags("RST ACK")))
		Expect(resetSubflows(r)).To(Equal(1))
	}, Limit)

	It("is read as it came over plain TCP", func(ctx SpecContext) {
		l, network := StartNetwork(netlab.Corruption)
		client, router := AddHost(l, network, "client"), AddHost(l, network, "router")
		server := AddHost(l, network, "server")
		_, _, err := network.Route(client, router, server)
		Expect(err).NotTo(HaveOccurred())
		c, far := connected(ctx, l)
		corrupt(router, client)

		_, err = c.Write([]byte(text))
		Expect(err).NotTo(HaveOccurred())
		read := make([]byte, len(text))
		_, err = io.ReadFull(far, read)

		Expect(err).NotTo(HaveOccurred())
		Expect(string(read)).NotTo(Equal(text))
		Expect(Recorded(l, c, far)).To(ShowNoReset())
	}, Limit)
})

// corrupt has a router change what comes from the first address of a host.
func corrupt(router, from *netlab.Host) {
	GinkgoHelper()
	block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Corrupt,
		Source: anyPort(from)})
}
