package netlab_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program"
)

// serveVariable has a child process echo at the address that it says.
const serveVariable = "NETLAB_TEST_SERVE"

// serve is the child.
func serve() {
	address := os.Getenv(serveVariable)
	if address == "" {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		c, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		go io.Copy(c, c)
	}
}

// on returns a supervisor on a host that must close without complaint.
func on(t *testing.T, h *netlab.Host) *program.Supervisor {
	t.Helper()
	s, err := program.Supervise(within(t), program.Options{Namespace: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { succeed(t, s.Close()) })
	return s
}

// Any program can be an end of a connection on a host: it is awaited there, and
// ended with all that it has started.
func TestAProgramRunsOnAHost(t *testing.T) {
	l, _, server := pair(t)
	s := on(t, server)
	at := netip.AddrPortFrom(server.IP(), 7000)
	p, err := s.Start(within(t), program.Command{
		Args: []string{"/proc/self/exe"}, Env: append(os.Environ(), serveVariable+"="+at.String()),
	})
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, p.AwaitListening(within(t), at))
	near, err := l.Host("client").Dial(within(t), at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	pass(t, near, near)

	succeed(t, s.Close())

	for err == nil {
		err = readError(near)
	}
	expectError(t, "read from a program that was killed", err, io.EOF)
}

// It is of the user that this process is of, may write its directory, and has
// its host's network alone.
func TestAProgramOnAHostIsOfThisUser(t *testing.T) {
	_, _, server := pair(t)
	s := on(t, server)
	const script = "id -u; id -g; touch mine && stat -c %u mine; grep CapEff /proc/self/status; cut -d: -f1 /proc/net/dev"
	p, err := s.Start(within(t), program.Command{Args: []string{"sh", "-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, p.Err())
	<-p.Drained()
	kept, _ := p.Lines()
	var said []string
	for _, line := range kept {
		said = append(said, strings.Join(strings.Fields(line.Text), " "))
	}
	all := strings.Join(said, "|")
	want := fmt.Sprintf("%d|%d|%d|CapEff:", os.Geteuid(), os.Getegid(), os.Geteuid())
	if !strings.HasPrefix(all, want) || !strings.Contains(all, "lo|veth") {
		t.Errorf("it said %s, want %s, and lo and a veth alone", all, want)
	}
	if os.Geteuid() != 0 && !strings.Contains(all, "CapEff: 0000000000000000") {
		t.Errorf("it said %s, want no capability", all)
	}
}

// A program outlives its network, and ends with its supervisor.
func TestAProgramOfAClosedNetwork(t *testing.T) {
	leaveNothing(t)
	l := lab.New()
	_, server, err := netlab.Pair(l)
	available(t, err)
	s := on(t, server)
	p, err := s.Start(within(t), program.Command{Args: []string{"sleep", "1000"}})
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, l.Close())
	select {
	case <-p.Exited():
		t.Errorf("it has ended with its network: %v", p.Err())
	default:
	}
	succeed(t, s.Close())
	if _, err := program.Supervise(within(t), program.Options{Namespace: server}); err == nil {
		t.Error("a host of a closed network runs programs")
	}
}
