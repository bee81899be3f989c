package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
)

// dial returns a connection from the host "client" to address, for specs in
// which the client is to stay. It is closed when the spec ends.
func dial(ctx SpecContext, l *lab.Lab, address string) *lab.Conn {
	GinkgoHelper()
	c, err := l.Host("client").Dial(ctx, address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	return c
}
