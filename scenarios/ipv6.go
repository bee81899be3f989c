package scenarios

import (
	"fmt"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// startLabOn starts a lab on the loopback of "IPv4" or "IPv6". It skips the
// spec where the machine has no such loopback.
func startLabOn(family string) *lab.Lab {
	GinkgoHelper()
	if family == "IPv4" {
		return StartLab()
	}
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		Skip(fmt.Sprintf("no IPv6 on the loopback (try sysctl net.ipv6.conf.lo.disable_ipv6=0): %v", err))
	}
	Expect(listener.Close()).To(Succeed())
	l := lab.NewIPv6()
	RecordLab(l)
	DeferCleanup(func() { Expect(l.Close()).To(Succeed()) })
	return l
}
