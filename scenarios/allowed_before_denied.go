package scenarios

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// hosts.allow is searched before hosts.deny, and the first match decides
// (hosts_access(5)): an address in hosts.allow has access, however much
// hosts.deny denies. Who is in neither has access as well.
var _ = Situation(catalogue.Situation{
	Name:  "allowed-before-denied",
	Title: "A host that both lists of TCP wrappers name",
	Cause: "hosts-deny",
	Drawing: `
hosts.allow   hosts.deny
  match  ────▶             served
  none   ────▶  match      closed
  none   ────▶  none       served
`,
	Client:     "it is served",
	Server:     "it serves",
	Twin:       "a host that only hosts.deny names is denied",
	Unscripted: "what the lists decide is the program's doing; what it comes to on the wire is denied-by-tcp-wrappers",
}, func() {
	us := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	others := []netip.Prefix{netip.MustParsePrefix("10.10.0.5/32")}
	all := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}

	access := func(ctx SpecContext, lists servers.AccessLists) string {
		GinkgoHelper()
		l := StartLab()
		server := Serve(l, servers.WrapTCP(lists, servers.Identify, servers.ReadLineThenClose))
		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "SSH-2.0-client\r\n")
		Note(saw)
		return accessOf(saw)
	}

	It("is served if both lists name it", About(claims.AllowBeforeDeny), func(ctx SpecContext) {
		saw := access(ctx, servers.AccessLists{Allow: us, Deny: all})

		Expect(saw).To(Equal("allowed"))
		Measured(claims.AllowBeforeDeny, saw)
	}, Limit)

	DescribeTable("finds the access that the lists give",
		func(ctx SpecContext, lists servers.AccessLists, want string) {
			Expect(access(ctx, lists)).To(Equal(want))
		},
		Entry("denied by hosts.deny alone", servers.AccessLists{Deny: all}, "denied", Limit),
		Entry("denied though others are allowed", servers.AccessLists{Allow: others, Deny: all}, "denied", Limit),
		Entry("allowed while others are denied", servers.AccessLists{Deny: others}, "allowed", Limit),
		Entry("allowed by empty lists", servers.AccessLists{}, "allowed", Limit),
	)
})

// accessOf says whether the server identified itself before it closed.
func accessOf(saw lab.Outcome) string {
	if saw.Received > 0 {
		return "allowed"
	}
	return "denied"
}
