package watch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

// A dropped is what a child has that gave its privileges up, and what it says of
// a connection that another process held before it began to watch.
type dropped struct {
	Kept, Error  string
	Capabilities []string // of its threads, those that there are
	Holder       string
	Sure         bool
}

// dropThenWatch is such a child: descriptor 3 is the client's end. When it reads
// a byte it resets the connection, whose other end another process holds.
func dropThenWatch(older bool) error {
	client, err := net.FileConn(os.NewFile(3, "client"))
	if err != nil {
		return err
	}
	o := watch.Options{Source: watch.SourceEBPF}
	if older {
		o = watch.OlderKernel(o)
	}
	w, err := watch.Open(o)
	if err != nil {
		return err
	}
	defer w.Close()
	var d dropped
	if err := w.Drop(); err != nil {
		d.Error = err.Error()
	}
	d.Kept = w.Kept()
	status, err := exec.Command("sh", "-c", fmt.Sprintf("grep -h ^CapEff: /proc/%d/task/*/status", os.Getpid())).Output()
	if err != nil {
		return err
	}
	for field := range strings.FieldsSeq(string(status)) {
		if field != "CapEff:" && !slices.Contains(d.Capabilities, field) {
			d.Capabilities = append(d.Capabilities, field)
		}
	}
	slices.Sort(d.Capabilities)
	client.(*net.TCPConn).SetLinger(0)
	port := netip.MustParseAddrPort(client.LocalAddr().String()).Port()
	client.Close()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for err == nil {
		var some []watch.Diagnosis
		some, err = w.Next(over)
		for _, one := range some {
			if one.Local.Port() == port && one.Peer != nil {
				d.Holder, d.Sure = fmt.Sprint(one.Peer.Owner.PID), one.Peer.Owner.Sure()
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

// TestDrop: privileges are given up, and yet the worker is named that holds a
// connection which is older than the watcher, of a listener that another process
// has; where the kernel wants CAP_BPF for that, one thread has it, and that alone.
func TestDrop(t *testing.T) {
	if os.Geteuid() != 0 {
		missing(t, errors.New("it takes root to have something to give up"))
	}
	open(t, watch.Options{Source: watch.SourceEBPF})
	for name, c := range map[string]struct {
		role, kept   string
		capabilities []string
		worker       uint32 // its user, who is neither the watcher's before nor nobody
	}{
		"as it is":                      {"drops", "", []string{"0000000000000000"}, 0},
		"an older kernel":               {"drops older", "CAP_BPF", []string{"0000000000000000", "0000008000000000"}, 0},
		"a worker of another user":      {"drops", "", []string{"0000000000000000"}, 4711},
		"the same, and an older kernel": {"drops older", "CAP_BPF", []string{"0000000000000000", "0000008000000000"}, 4711},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			s := &scene{T: t, listener: listener, user: c.worker}
			file, err := listener.File()
			s.must(err)
			var client *net.TCPConn
			worker, _ := s.child("worker", file, func() {
				client = s.dial()
				_, err := client.Write([]byte("a"))
				s.must(err)
			})
			end, err := client.File()
			s.must(err)
			client.Close()
			child := exec.Command(os.Args[0], "-test.run=^$")
			child.Env = append(os.Environ(), roleVariable+"="+c.role)
			child.ExtraFiles, child.Stderr = []*os.File{end}, os.Stderr
			output, err := child.StdoutPipe()
			s.must(err)
			s.must(child.Start())
			end.Close()
			var d dropped
			err = json.NewDecoder(bufio.NewReader(output)).Decode(&d)
			if waited := child.Wait(); err != nil || waited != nil {
				t.Fatalf("%v, %v", err, waited)
			}
			if d.Error != "" || d.Kept != c.kept || !slices.Equal(d.Capabilities, c.capabilities) {
				t.Errorf("got %+v, want %s and %v", d, c.kept, c.capabilities)
			}
			if d.Holder != fmt.Sprint(worker.Process.Pid) || !d.Sure {
				t.Errorf("the connection is of %s (%v), want the worker %d", d.Holder, d.Sure, worker.Process.Pid)
			}
		})
	}
}
