package record_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
)

// slowVariable tells a re-executed test that it is in a network of its own.
const slowVariable = "RESETLAB_TEST_SLOW"

// Stop waits for the packets that were sent and that the kernel has not yet
// come to hand on. There are such packets because one write makes many segments
// and puts all of them in the queue of its processor, and each takes long: other
// captures look at it first.
func TestStopWaitsForWhatWasSent(t *testing.T) {
	if os.Getenv(slowVariable) == "" {
		inPrivateNetwork(t)
		return
	}
	raiseLoopback(t)
	cutInSegments(t)
	lanes := open(t, evidence.Wire)
	needs(t, lanes, evidence.Wire)
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := sendingFast(t, l)
	slowDown(t)
	for range 6 { // now and then the queue is empty before Stop has looked
		recordBurst(t, lanes, l, client)
	}
}

// recordBurst stops recording while packets wait in a queue.
func recordBurst(t *testing.T, lanes *capture.Lanes, l *lab.Lab, client *lab.Conn) {
	t.Helper()
	recorder, err := record.Start(l, t.Name(), record.Options{Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	before := sent(t, client)
	written := sendUntilSomeWaits(t, client)
	want := int(sent(t, client) - before)
	r, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	<-written

	recorded := 0
	for _, event := range r.Events {
		if event.Packet != nil && event.Packet.Len > 0 {
			recorded++
		}
	}
	if recorded < want {
		t.Errorf("%d of %d segments were recorded, want all", recorded, want)
	}
}

const (
	segmentSize = 500
	burst       = 120 // segments
)

// inPrivateNetwork runs the test in a child with a network namespace, and if
// need be a user namespace, of its own.
func inPrivateNetwork(t *testing.T) {
	t.Helper()
	child := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), slowVariable+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	said, err := child.CombinedOutput()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		t.Skipf("no network namespace of its own, allow user namespaces: %v", err)
	}
	if err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
	t.Logf("%s", said)
}

// cutInSegments has the loopback carry segments of segmentSize, into which a
// large write is cut before it is sent.
func cutInSegments(t *testing.T) {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	const headers = 20 + 20 + 12 // IP, TCP, time stamps
	loopback, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetMTU(loopback, segmentSize+headers)
	}
	if err != nil {
		t.Fatal(err)
	}
	segmentation := struct{ command, value uint32 }{unix.ETHTOOL_STSO, 0}
	off := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{name: [unix.IFNAMSIZ]byte{'l', 'o'}, data: unsafe.Pointer(&segmentation)}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL,
		uintptr(unsafe.Pointer(&off))); errno != 0 {
		t.Fatal(errno)
	}
}

// sendingFast returns a connection on which so much was sent and acknowledged
// that a burst is sent at once.
func sendingFast(t *testing.T, l *lab.Lab) *lab.Conn {
	t.Helper()
	got := make(chan int, 1<<12) // more than the reads of a burst
	server, err := lab.Serve(l.Host("server"), func(_ context.Context, c *lab.Conn) {
		buffer := make([]byte, 1<<16)
		for {
			n, err := c.Read(buffer)
			if err != nil {
				return
			}
			got <- n
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := l.Host("client").Dial(t.Context(), server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	for range 50 {
		write(t, client, string(make([]byte, burst*segmentSize)))
		for left := burst * segmentSize; left > 0; {
			left -= <-got
		}
	}
	return client
}

// sendUntilSomeWaits sends bursts until one is in the queue, seen while the
// write is still at it. It returns what is closed when the write is over.
func sendUntilSomeWaits(t *testing.T, c *lab.Conn) (written chan struct{}) {
	t.Helper()
	for t.Context().Err() == nil {
		all := sent(t, c) + burst
		written = make(chan struct{})
		go func() {
			defer close(written)
			c.Write(make([]byte, burst*segmentSize)) // its error shows in what was sent
		}()
		for over := false; !over; {
			if sent(t, c) == all && !queuesEmpty() {
				return written
			}
			select {
			case <-written:
				over = true
			default:
			}
		}
	}
	return written
}

// sent returns how many segments with data a connection has sent.
func sent(t *testing.T, c *lab.Conn) uint32 {
	t.Helper()
	raw, err := c.TCP().SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	var failed error
	err = raw.Control(func(fd uintptr) {
		info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return info.Data_segs_out
}

// slowDown has captures look at each packet for about a millisecond in all,
// before others get it: the newest come first.
func slowDown(t *testing.T) {
	t.Helper()
	const captures, longest = 80, 2000
	divide := bpf.RawInstruction{Op: unix.BPF_ALU | unix.BPF_DIV | unix.BPF_X}
	program := slices.Repeat([]bpf.Instruction{divide}, longest-3)
	program = slices.Concat([]bpf.Instruction{bpf.LoadConstant{Dst: bpf.RegX, Val: 1}, bpf.LoadConstant{Val: 1 << 31}},
		program, []bpf.Instruction{bpf.RetConstant{}})
	code, err := bpf.Assemble(program)
	if err != nil {
		t.Fatal(err)
	}
	var filter []unix.SockFilter
	for _, i := range code {
		filter = append(filter, unix.SockFilter{Code: i.Op, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	for range captures {
		socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(socket) })
		fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		everything := &unix.SockaddrLinklayer{Protocol: unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8}
		for _, err := range []error{
			unix.SetsockoptInt(socket, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
			unix.SetsockoptSockFprog(socket, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog),
			unix.Bind(socket, everything),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// queuesEmpty says whether no packet waits in a queue of a processor (net/core/
// net-procfs.c, softnet_seq_show).
func queuesEmpty() bool {
	text, _ := os.ReadFile("/proc/net/softnet_stat")
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) < 12 || strings.Trim(fields[11], "0") != "" {
			return false
		}
	}
	return true
}
