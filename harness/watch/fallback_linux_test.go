package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch"
)

// An opened is what a child found that opened a watcher.
type opened struct {
	Source, Error string
	Lacks         []string
	Rows          []watch.Row
}

// without takes something from a child's machine before it begins to watch.
func without(what string) error {
	if what != "BTF" { // in a mount namespace of its own
		return nil
	}
	return errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("none", "/sys/kernel/btf", "tmpfs", 0, ""))
}

// openWatcher is a child that says by which source it watches, and what that
// tells of resets that it provokes itself.
func openWatcher(what string) error {
	if err := without(what); err != nil {
		return err
	}
	var o opened
	w, err := watch.Open(watch.Options{})
	if err != nil {
		o.Error = err.Error()
		return json.NewEncoder(os.Stdout).Encode(o)
	}
	defer w.Close()
	o.Source, o.Lacks = w.Source(), w.Lacks()
	if what == "its network" {
		if err := provokeForCounters(); err != nil {
			return err
		}
	}
	var summary watch.Summary
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for err == nil {
		var some []watch.Diagnosis
		some, err = w.Next(over)
		for i := range some {
			summary.Add(&some[i])
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	o.Rows = summary.Rows()
	return json.NewEncoder(os.Stdout).Encode(o)
}

// provokeForCounters provokes three closes with bytes unread, two with SO_LINGER
// 0 and four refusals, in a network that nobody else is in.
func provokeForCounters() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	for i := range 5 {
		client, err := net.Dial("tcp4", listener.Addr().String())
		if err != nil {
			return err
		}
		server, err := listener.Accept()
		if err != nil {
			return err
		}
		if i < 2 {
			server.(*net.TCPConn).SetLinger(0)
		} else {
			client.Write([]byte("ab"))
			server.Read(make([]byte, 1))
		}
		server.Close()
		client.Read(make([]byte, 1))
		client.Close()
	}
	listener.Close()
	for range 4 {
		if _, err := net.Dial("tcp4", listener.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("it was not refused: %w", err)
		}
	}
	return nil
}

func openIn(t *testing.T, what string, how *syscall.SysProcAttr) (o opened) {
	t.Helper()
	self, err := os.Open("/proc/self/exe") // its directory is not for everybody
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	child := exec.Command("/proc/self/fd/3", "-test.run=^$")
	if what == "capabilities" {
		child = exec.Command("setpriv", "--bounding-set=-all", "--inh-caps=-all", "/proc/self/fd/3", "-test.run=^$")
	}
	child.Env, child.ExtraFiles = append(os.Environ(), roleVariable+"=opens "+what), []*os.File{self}
	child.SysProcAttr, child.Stderr = how, os.Stderr
	text, err := child.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// TestFallbacks: where the best source cannot be used the next one is, and it is
// said why and what would give more.
func TestFallbacks(t *testing.T) {
	if os.Geteuid() != 0 {
		missing(t, errors.New("it takes root to have something to lose"))
	}
	open(t, watch.Options{Source: watch.SourceEBPF})
	container := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}},
	}
	for name, c := range map[string]struct {
		without, source string
		how             *syscall.SysProcAttr
		said            []string
	}{
		"as it is":             {"", watch.SourceEBPF, nil, nil},
		"without BTF":          {"BTF", watch.SourceTracefs, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, []string{"CONFIG_DEBUG_INFO_BTF", "what was unread"}},
		"without capabilities": {"capabilities", watch.SourceCounters, nil, []string{"CAP_BPF and CAP_PERFMON", "tracefs: ", "not whose they were"}},
		"as nobody": {"", watch.SourceCounters, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}},
			[]string{"CAP_BPF and CAP_PERFMON", "tracefs: ", "not whose they were"}},
		"in a container of its own user namespace": {"its network", watch.SourceCounters, container,
			[]string{"the machine's own user namespace", "tracefs: ", "not whose they were"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := openIn(t, c.without, c.how)
			if o.Source != c.source {
				t.Fatalf("it watches by %q, want %q: %s %q", o.Source, c.source, o.Error, o.Lacks)
			}
			for _, want := range c.said {
				if !strings.Contains(strings.Join(o.Lacks, "\n"), want) {
					t.Errorf("it says nothing of %q: %q", want, o.Lacks)
				}
			}
			if c.without == "its network" {
				o.checkCounted(t)
			}
		})
	}
}

// checkCounted: all that was provoked is counted, and nothing besides.
func (o *opened) checkCounted(t *testing.T) {
	t.Helper()
	got := map[string]int64{}
	for _, row := range o.Rows {
		if row.Owner != "" || row.Port != 0 {
			t.Errorf("a counter tells no %s at port %d", row.Owner, row.Port)
		}
		got[row.Cause] += row.Count
	}
	// Four were refused, and four handshakes failed; what came for the five that
	// were reset has no counter of its own.
	for cause, want := range map[string]int64{"unread": 3, "linger-zero": 2, "refused": 8, "": 5} {
		if got[cause] != want {
			t.Errorf("%q: %d are counted, want %d: %+v", cause, got[cause], want, o.Rows)
		}
	}
}

// TestWithoutReasons: on a kernel that tells no reasons nothing is named for sure
// that is wrong.
func TestWithoutReasons(t *testing.T) {
	for name, provoke := range provocations() {
		t.Run(name, func(t *testing.T) {
			w := open(t, watch.WithoutReasons(watch.Options{Source: watch.SourceEBPF}))
			if !strings.Contains(strings.Join(w.Lacks(), " "), "6.12") {
				t.Errorf("it does not say that reasons are missing: %q", w.Lacks())
			}
			d, want := provoked(t, w, provoke)
			if d.Reason != "" || d.Level == "observed" {
				t.Errorf("the reason is %q and it is %s", d.Reason, d.Level)
			}
			if d.Sure() && !slices.Contains(want.causes, d.Cause) {
				t.Errorf("cause: got %s, want one of %v", d.Cause, want.causes)
			}
		})
	}
}
