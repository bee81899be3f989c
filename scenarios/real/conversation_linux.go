package real

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
)

// readUntil reads up to the end that is known by its bytes, and returns all of
// it. What comes behind that is read with it if it is there already.
func readUntil(c *lab.Conn, end string) string {
	GinkgoHelper()
	var all []byte
	for chunk := make([]byte, 4<<10); !bytes.Contains(all, []byte(end)); {
		n, err := c.Read(chunk)
		all = append(all, chunk[:n]...)
		Expect(err).NotTo(HaveOccurred(), "read so far: %q", all)
	}
	return string(all)
}

// talk connects at the host "client", says something if there is something to
// say, and reads until the answer ends so.
func talk(ctx SpecContext, l *lab.Lab, address, question, end string) (c *lab.Conn, answer string) {
	GinkgoHelper()
	c, err := l.Host("client").Dial(ctx, address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	if question != "" {
		_, err = c.Write([]byte(question))
		Expect(err).NotTo(HaveOccurred())
	}
	return c, readUntil(c, end)
}

// unread connects at the host "client", and says what lies unread when the
// server accepts the connection.
func unread(ctx SpecContext, l *lab.Lab, server *lab.Program, text string) (c *lab.Conn) {
	GinkgoHelper()
	Expect(server.AcceptUnread(ctx, len(text), func() (err error) {
		if c, err = l.Host("client").Dial(ctx, server.Addr()); err == nil {
			_, err = c.Write([]byte(text))
		}
		return err
	})).To(Succeed())
	DeferCleanup(c.Close)
	return c
}

// awaitSleep waits until a program of one thread sleeps (proc_pid_stat(5)): an
// event loop that has done what there was to do does nothing else. Whatever comes
// while it is paused then, its wait for events is over with EINTR before it has
// seen any.
func awaitSleep(ctx SpecContext, p *lab.Program) {
	GinkgoHelper()
	Eventually(ctx, func() (string, error) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		_, rest, _ := strings.Cut(string(stat), ") ")
		return rest, err
	}).WithPolling(time.Millisecond).Should(HavePrefix("S "))
}

// awaitRead waits until the other end of a connection on this machine has read
// all that was written.
func awaitRead(ctx SpecContext, c *lab.Conn) {
	GinkgoHelper()
	here, there := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
	Eventually(ctx, func() bool {
		return queues(here, there) == "00000000:00000000" && queues(there, here) == "00000000:00000000"
	}).
		WithPolling(time.Millisecond).Should(BeTrue())
}

// queues returns how many bytes a connection's end has not seen acknowledged, and
// has not read, in hexadecimal digits, as proc_net_tcp(5) has them.
func queues(local, remote netip.AddrPort) string {
	GinkgoHelper()
	table, err := os.ReadFile("/proc/self/net/tcp")
	Expect(err).NotTo(HaveOccurred())
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 4 && f[1] == inProc(local) && f[2] == inProc(remote) {
			return f[4]
		}
	}
	return ""
}

// inProc is an address as proc_net_tcp(5) has it.
func inProc(at netip.AddrPort) string {
	ip := at.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), at.Port())
}
