package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A RST ends the connection, not the program's hold on it. The descriptor and
// the socket behind it stay until close, and a program that drops reset
// connections without closing them runs into its limit (close(2),
// getrlimit(2), RLIMIT_NOFILE).
var _ = Situation(catalogue.Situation{
	Name:  "holding-a-reset-connection",
	Title: "A reset connection that nobody closes",
	Cause: "linger-zero",
	Drawing: `
client                 server
         ◀═══════════  RST
  4 descriptors
  close × 4
  0 descriptors
`,
	Client: "the descriptor stays until close",
	Server: "its abort succeeds",
	Twin:   "close gives the descriptor back",
	Script: `
--- holds-its-descriptor-until-it-is-closed
server abort
client await rst → ok
client state → CLOSE
client read 1 → ECONNRESET
client close → ok
`,
}, func() {
	It("holds its descriptor until it is closed", About(claims.FreeResources), func(ctx SpecContext) {
		const connections = 4
		l := StartLab()
		var reset []*lab.Conn
		sockets := map[string]bool{}
		for range connections {
			client, server := connected(ctx, l)
			Expect(server.Abort()).To(Succeed())
			Expect(client.AwaitReset(ctx)).To(Succeed())
			reset = append(reset, client)
			sockets[socketOf(client)] = true
		}

		held := stillOpen(sockets)
		for _, client := range reset {
			Note(client.Outcome())
			Expect(client.Close()).To(Succeed())
		}
		left := stillOpen(sockets)

		Expect(held).To(Equal(connections))
		Expect(left).To(Equal(0))
		Measured(claims.FreeResources, fmt.Sprintf("%d of %d held after the reset, %d after close",
			held, connections, left))
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)
})

// socketOf names a connection's socket as proc_pid_fd(5) does.
func socketOf(c *lab.Conn) string {
	GinkgoHelper()
	raw, err := c.TCP().SyscallConn()
	Expect(err).NotTo(HaveOccurred())
	var status unix.Stat_t
	Expect(raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &status) })).To(Succeed())
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("socket:[%d]", status.Ino)
}

// stillOpen counts the descriptors of sockets. Those of other parts of this
// process, as of what records the spec, come and go.
func stillOpen(sockets map[string]bool) (n int) {
	for _, target := range OpenDescriptors() {
		if sockets[target] {
			n++
		}
	}
	return n
}
