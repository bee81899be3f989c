package real

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
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
	here, there := addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())
	Eventually(ctx, func() bool {
		return queues(here, there) == "00000000:00000000" && queues(there, here) == "00000000:00000000"
	}).
		WithPolling(time.Millisecond).Should(BeTrue())
}

// The numbers of states in proc_net_tcp(5).
const (
	closeWait   = "08"
	established = "01"
	timeWait    = "06"
)

// statesTo returns the states of everybody's sockets that have this address for
// their peer's. One in TIME-WAIT belongs to nobody any more.
func statesTo(address string) (states []string) {
	GinkgoHelper()
	peer := inProc(netip.MustParseAddrPort(address))
	for _, s := range sockets() {
		if s.remote == peer && s.state != timeWait {
			states = append(states, s.state)
		}
	}
	return states
}

// queues returns how many bytes a connection's end has not seen acknowledged, and
// has not read, in hexadecimal digits.
func queues(local, remote netip.AddrPort) string {
	GinkgoHelper()
	for _, s := range sockets() {
		if s.local == inProc(local) && s.remote == inProc(remote) {
			return s.queues
		}
	}
	return ""
}

// A socket is a line of proc_net_tcp(5).
type socket struct{ local, remote, state, queues string }

// sockets returns those of IPv4, also of programs that have them as mapped
// addresses of IPv6 (RFC 4291, section 2.5.5.2), as Java does.
func sockets() (all []socket) {
	GinkgoHelper()
	const mapped = "0000000000000000FFFF0000"
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if table != "/proc/self/net/tcp" && os.IsNotExist(err) { // a kernel without IPv6
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 4 {
				all = append(all, socket{strings.TrimPrefix(f[1], mapped), strings.TrimPrefix(f[2], mapped), f[3], f[4]})
			}
		}
	}
	return all
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

// inProc is an address as proc_net_tcp(5) has it.
func inProc(at netip.AddrPort) string {
	ip := at.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), at.Port())
}

// typing starts a program at the host "client" that reads what is written to
// input. Its end is the end of the spec, unless input is closed before.
func typing(ctx SpecContext, l *lab.Lab, recipe program.Recipe) (client *lab.Program, input *os.File) {
	GinkgoHelper()
	output, input, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { input.Close() }) // again
	defer output.Close()
	command := recipe.Command
	recipe.Command = func(at program.Place) (program.Command, error) {
		c, err := command(at)
		c.Stdin = output
		return c, err
	}
	return trace(ctx, l.Host("client"), recipe), input
}

// typed writes a line to a program's input.
func typed(input *os.File, line string) {
	GinkgoHelper()
	_, err := io.WriteString(input, line+"\n")
	Expect(err).NotTo(HaveOccurred())
}

// toldBy says in the words of the claims by what a host told its peer, whose calls
// nobody knows, that a connection was over: by a RST of its own, or not.
func toldBy(r *evidence.Recording, host string) string {
	GinkgoHelper()
	if r.Lacks(evidence.Wire) {
		Skip("what ended the client's connection is seen on the wire alone: run it as root")
	}
	for _, reset := range r.Resets {
		if reset.Sender == evidence.Application && reset.Host == host {
			return "read: reset"
		}
	}
	return "read: finished"
}
