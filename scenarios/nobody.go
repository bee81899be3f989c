package scenarios

import (
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
)

// nobody returns an address where nobody listens and nobody can begin to while
// the spec runs: it belongs to one end of a connection, which no lab knows of.
func nobody() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	holder, err := net.Dial("tcp", listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(holder.Close)
	return holder.LocalAddr().String()
}

// An absentee is a server at an address where nobody is, for proxies.
type absentee struct {
	lab.Server // nil
	address    string
}

func (a absentee) Addr() string { return a.address }
