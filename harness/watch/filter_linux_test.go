package watch_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/resetlab/resetlab/harness/watch"
)

// dialEach is a child that dials each address that it reads, resets what it gets
// by SO_LINGER 0, and says how that went. Its own network begins with nothing but
// a loopback that is down.
func dialEach(in io.Reader, out io.Writer) {
	if lo, err := netlink.LinkByName("lo"); err == nil {
		netlink.LinkSetUp(lo) // it is up already, or this may not: then dialling says so
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		conn, err := net.Dial("tcp4", lines.Text())
		if err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
		fmt.Fprintln(out, errors.Is(err, syscall.ECONNREFUSED), err)
	}
}

// A dialer is such a child.
type dialer struct {
	t   *testing.T
	pid int
	in  io.WriteCloser
	out *bufio.Reader
}

func startDialer(t *testing.T, how *syscall.SysProcAttr) *dialer {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), roleVariable+"=dials")
	child.SysProcAttr, child.Stderr = how, os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		missing(t, err)
	}
	t.Cleanup(func() { in.Close(); child.Wait() })
	return &dialer{t, child.Process.Pid, in, bufio.NewReader(out)}
}

// dial lets it dial, and waits until that is over.
func (d *dialer) dial(address string, refused bool) {
	d.t.Helper()
	fmt.Fprintln(d.in, address)
	if line, err := d.out.ReadString('\n'); err != nil || !strings.HasPrefix(line, fmt.Sprint(refused, " ")) {
		d.t.Fatalf("dialling %s: %q, %v", address, line, err)
	}
}

// missing skips with the reason, or fails where skipping is forbidden.
func missing(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatalf("skipping is forbidden: %v", why)
	}
	t.Skip(why)
}

// filtered are a listener, an address where nobody listens, and three children:
// one like this process, one in a network of its own, one in a cgroup of its own.
type filtered struct {
	listener                *net.TCPListener
	closed                  string
	plain, elsewhere, group *dialer
	cgroup                  string // its path
}

func newFiltered(t *testing.T) *filtered {
	t.Helper()
	listen := func() *net.TCPListener {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	f := &filtered{listener: listen()}
	gone := listen()
	f.closed = gone.Addr().String()
	gone.Close()
	f.plain = startDialer(t, nil)
	f.elsewhere = startDialer(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	directory, path := ownCgroup(t)
	f.cgroup = path
	f.group = startDialer(t, &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(directory.Fd())})
	return f
}

// ownCgroup makes a cgroup and one in it, and returns the inner one opened and
// the path of the outer one.
func ownCgroup(t *testing.T) (inner *os.File, path string) {
	t.Helper()
	root, err := exec.Command("findmnt", "--noheadings", "--first-only", "--output=TARGET", "--types=cgroup2").Output()
	if err != nil {
		missing(t, fmt.Errorf("cgroup v2 is not mounted: %w", err))
	}
	path = fmt.Sprintf("/resetlab-test-%d", os.Getpid())
	outer := filepath.Join(strings.TrimSpace(string(root)), path)
	if err := os.MkdirAll(filepath.Join(outer, "inner"), 0o755); err != nil {
		missing(t, err)
	}
	t.Cleanup(func() { os.Remove(filepath.Join(outer, "inner")); os.Remove(outer) })
	inner, err = os.Open(filepath.Join(outer, "inner"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	return inner, path
}

// TestFilters: each filter lets through what one end of which fits, with what is
// known of the other end, and the kernel does not even hand over the rest.
func TestFilters(t *testing.T) {
	f := newFiltered(t)
	netns, err := watch.FindNetns(fmt.Sprint(f.elsewhere.pid))
	if err != nil {
		t.Fatal(err)
	}
	container, err := watch.FindContainer(f.cgroup)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(f.listener.Addr().(*net.TCPAddr).Port)
	for name, c := range map[string]struct {
		filter watch.Filter
		events uint64 // of the kernel
		want   string // of each its kind, its cause, its owner, and the one of the other end
	}{
		"nothing":   {watch.Filter{}, 10, "refused, ; refused, ; linger-zero plain, self; linger-zero group, self; refused, "},
		"port":      {watch.Filter{Ports: []uint16{port}}, 4, "linger-zero plain, self; linger-zero group, self"},
		"sent":      {watch.Filter{Kinds: []watch.Kind{watch.Sent}}, 10, "refused, ; refused, ; linger-zero plain, self; linger-zero group, self; refused, "},
		"received":  {watch.Filter{Kinds: []watch.Kind{watch.Received}}, 10, "refused, ; refused, ; linger-zero plain, self; linger-zero group, self; refused, "},
		"failed":    {watch.Filter{Kinds: []watch.Kind{watch.Failed}}, 0, ""},
		"process":   {watch.Filter{Processes: []int{f.plain.pid}, Ports: []uint16{port}}, 4, "linger-zero plain, self"},
		"netns":     {watch.Filter{Netns: []uint32{netns}}, 2, "refused, "},
		"container": {watch.Filter{Containers: []watch.Container{container}}, 4, "linger-zero group, self; refused, "},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, watch.Options{Source: watch.SourceEBPF, Filter: c.filter})
			f.elsewhere.dial("127.0.0.1:9", true)
			f.plain.dial(f.closed, true)
			f.plain.dial(f.listener.Addr().String(), false)
			f.group.dial(f.listener.Addr().String(), false)
			f.group.dial(f.closed, true)
			who := map[int]string{f.plain.pid: "plain", f.group.pid: "group", f.elsewhere.pid: "elsewhere", os.Getpid(): "self"}
			var got []string
			others := uint64(0) // of this machine's other programs
			for _, d := range rest(t, w) {
				if _, ours := who[d.Owner.PID]; !ours && (d.Peer == nil || who[d.Peer.Owner.PID] == "") {
					others += 2
					continue
				}
				text := d.Cause
				if name := who[d.Owner.PID]; name != "" {
					text += " " + name
				}
				text += ", "
				if d.Cause != "refused" && d.Peer != nil { // else it is the dialler, whose socket is gone
					text += who[d.Peer.Owner.PID]
				}
				got = append(got, text)
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if seen, lost := w.Counts(); lost > 0 || seen < c.events || seen > c.events+others {
				t.Errorf("%d events, %d lost, want %d", seen, lost, c.events)
			}
		})
	}
}

// TestFind: what cannot be found is said to be so.
func TestFind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"4194305": "there is no process 4194305", "/nowhere": "open /nowhere: no such file or directory",
		file: file + " is no network namespace", "/proc/self/ns/mnt": "/proc/self/ns/mnt is no network namespace",
	} {
		if _, err := watch.FindNetns(given); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", given, err, want)
		}
	}
	own, err := watch.FindNetns("/proc/self/ns/net")
	if same, _ := watch.FindNetns(fmt.Sprint(os.Getpid())); err != nil || own == 0 || own != same {
		t.Errorf("got %d and %d: %v", own, same, err)
	}
	if _, err := watch.FindContainer("nonesuch"); err == nil || !strings.Contains(err.Error(), `called "nonesuch"`) {
		t.Errorf("got %v", err)
	}
}
