package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// counting is a server of somebody else: of the line protocol, with a count.
type counting struct {
	net.Listener
	size     int // of a reply, at least
	mu       sync.Mutex
	executed map[string]int
	sources  map[netip.Addr]int
}

func startCounting(t *testing.T) *counting {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &counting{Listener: listener, executed: map[string]int{}, sources: map[netip.Addr]int{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	return s
}

func (s *counting) serve(conn net.Conn) {
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	s.mu.Lock()
	s.sources[conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()]++
	if fields := strings.Fields(line); err == nil && len(fields) == 2 {
		s.executed[fields[1]]++
		fmt.Fprintf(conn, "done %s%s\n", fields[1], strings.Repeat(".", s.size))
	}
	s.mu.Unlock()
}

// upstream is the server as the origin of an audit.
func (s *counting) upstream() audit.Origin {
	return audit.Upstream(s.Addr().String(), func(_ context.Context, id string) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.executed[id], nil
	})
}

// careful is a client that connects from an address of its own, so that the
// ports of 127.0.0.1 are the audit's alone.
func careful(context.Context, audit.Target) (audit.Client, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}}
	return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
		conn, err := dialer.DialContext(ctx, "tcp", c.Address)
		if err != nil {
			return audit.Answer{Err: err}
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		line, err := ask(conn, fmt.Sprintf("%s %s\n", c.Operation, c.ID))
		return audit.Answer{Body: []byte(strings.TrimSuffix(line, "\n")), Err: err}
	}), nil
}

// TestAnUpstreamSeesOneSource: servers admit 127.0.0.1 and not all of 127.0.0.0/8.
func TestAnUpstreamSeesOneSource(t *testing.T) {
	for _, source := range []string{"", "127.0.0.7"} {
		server := startCounting(t)
		s := audit.Subject{Name: "careful", Protocol: protocols.Lines(), Origin: server.upstream(), Open: careful}
		want := netip.MustParseAddr("127.0.0.1")
		if source != "" {
			s.Source = netip.MustParseAddr(source)
			want = s.Source
		}
		report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{"P[17]/*/*/*"}})
		if err != nil || len(report.Bad()) > 0 {
			t.Fatalf("%v, %v", report, err)
		}
		server.mu.Lock()
		if len(server.sources) != 1 || server.sources[want] == 0 {
			t.Errorf("with the source %q connections came from %v", source, server.sources)
		}
		server.mu.Unlock()
	}
	s := audit.Subject{Name: "x", Protocol: protocols.Lines(), Origin: startCounting(t).upstream(), Open: careful}
	s.Source = netip.MustParseAddr("192.0.2.1")
	if _, err := audit.Run(t.Context(), s, audit.Options{}); err == nil || !strings.Contains(err.Error(), "192.0.2.1 is no address of this machine") {
		t.Errorf("from an address of others: %v", err)
	}
}

// inFewPorts is set in the process that has few ports.
const inFewPorts = "RESETLAB_TEST_FEW_PORTS"

// TestCellsWaitForPorts runs in a network of its own with few ports, all of which
// somebody holds in the middle of an audit.
func TestCellsWaitForPorts(t *testing.T) {
	if os.Getenv(inFewPorts) != "" {
		waitForPorts(t)
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCellsWaitForPorts$", "-test.v")
	again.Env = append(os.Environ(), inFewPorts+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	output, err := again.CombinedOutput()
	if os.IsPermission(err) {
		t.Skip("a network of its own needs user namespaces, or root: ", err)
	}
	if err != nil || !strings.Contains(string(output), "--- PASS") {
		t.Errorf("%v\n%s", err, output)
	}
}

func waitForPorts(t *testing.T) {
	loopback, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(loopback)
	}
	if err == nil {
		err = os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40040"), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	server := startCounting(t)
	s := audit.Subject{Name: "careful", Protocol: protocols.Lines(), Origin: server.upstream(), Open: careful}
	var held []net.Listener
	var waited atomic.Bool
	options := audit.Options{Only: []string{"P[157]/*/*/*"}, Parallel: 1}
	options.Progress = func(done, _ int, _ verdict.Result) {
		for port := 40000; done == 3 && port <= 40040; port++ {
			if holder, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				held = append(held, holder)
			}
		}
	}
	options.Log = func(text string) {
		if !strings.Contains(text, "waiting for one") {
			t.Error(text)
		}
		waited.Store(true)
		for _, holder := range held {
			holder.Close()
		}
	}

	report, err := audit.Run(t.Context(), s, options)

	if err != nil {
		t.Fatal(err)
	}
	if !waited.Load() || len(report.Bad()) > 0 {
		t.Errorf("it waited: %v; %v: %v", waited.Load(), report, report.Bad())
	}
}

// TestFiftyThousandCells cuts at each of 25,000 bytes of one server's reply, twice:
// that is more connections than 127.0.0.1 has ports.
func TestFiftyThousandCells(t *testing.T) {
	if os.Getenv("RESETLAB_FULL") != "1" {
		t.Skip("it takes minutes: RESETLAB_FULL=1")
	}
	server := startCounting(t)
	server.size = 25_000
	s := audit.Subject{Name: "careful", Protocol: protocols.Bytes(), Origin: server.upstream(), Open: careful}

	report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Operation: point.Write, Log: func(text string) { t.Log(text) }})

	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cells in %v", report.Cells, report.Duration)
	if report.Cells < 50_000 || len(report.Bad()) > 0 {
		t.Errorf("%d cells: %v", report.Cells, report.Bad())
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.sources) != 1 {
		t.Errorf("connections came from %v", server.sources)
	}
}
