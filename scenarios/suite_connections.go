package scenarios

import (
	"fmt"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// connected returns both ends of a new connection between the hosts "client"
// and "server", for specs that play both. They are closed when the spec ends.
func connected(ctx SpecContext, l *lab.Lab) (client, server *lab.Conn) {
	GinkgoHelper()
	listener, err := l.Host("server").Listen(ctx)
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	client, err = l.Host("client").Dial(ctx, listener.Addr())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	server, err = listener.Accept(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	return client, server
}

// send writes text at one end and reads it at the other.
func send(from, to *lab.Conn, text string) {
	GinkgoHelper()
	_, err := from.Write([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	buffer := make([]byte, len(text))
	for read := 0; read < len(text); {
		n, err := to.Read(buffer[read:])
		Expect(err).NotTo(HaveOccurred())
		read += n
	}
	Expect(string(buffer)).To(Equal(text))
}

// dial returns a connection from the host "client" to address, for specs in
// which the client is to stay. It is closed when the spec ends.
func dial(ctx SpecContext, l *lab.Lab, address string) *lab.Conn {
	GinkgoHelper()
	c, err := l.Host("client").Dial(ctx, address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	return c
}

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
