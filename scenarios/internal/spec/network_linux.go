package spec

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program"
)

// StartPair starts a lab whose hosts "client" and "server" are machines of
// their own, linked to each other.
func StartPair() (l *lab.Lab, client, server *netlab.Host) {
	GinkgoHelper()
	l = StartLab()
	client, server, err := netlab.Pair(l)
	Available(err)
	return l, client, server
}

// StartTriple is StartPair with a router between the two.
func StartTriple() (l *lab.Lab, client, router, server *netlab.Host) {
	GinkgoHelper()
	l = StartLab()
	client, router, server, err := netlab.Triple(l)
	Available(err)
	return l, client, router, server
}

// StartNetwork starts a lab with a network that has no hosts yet. The spec is
// skipped if the machine does not give one of the features.
func StartNetwork(features ...netlab.Feature) (*lab.Lab, *netlab.Network) {
	GinkgoHelper()
	l := StartLab()
	network, err := netlab.New()
	Available(err)
	l.Own(network)
	Available(network.Require(features...))
	return l, network
}

// AddHost makes a host in a network and adds it to the lab.
func AddHost(l *lab.Lab, n *netlab.Network, name string) *netlab.Host {
	GinkgoHelper()
	host, err := n.Host(name)
	Expect(err).NotTo(HaveOccurred())
	_, err = l.AddHost(name, host)
	Expect(err).NotTo(HaveOccurred())
	return host
}

// Available skips the spec if the machine does not give what was asked of it.
func Available(err error) {
	GinkgoHelper()
	if errors.Is(err, netlab.ErrUnavailable) || errors.Is(err, program.ErrUnavailable) {
		Skip(err.Error())
	}
	Expect(err).NotTo(HaveOccurred())
}
