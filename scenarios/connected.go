package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
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
