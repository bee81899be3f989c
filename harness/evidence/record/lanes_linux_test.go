package record_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
)

func TestRecordingWithLanesOfItsOwn(t *testing.T) {
	r := recordRun(t, nil, netip.MustParseAddr("127.9.9.9"), situations[0].run)
	if len(r.Resets) != 1 || r.Resets[0].Host != "server" {
		t.Errorf("got %v, want the server's reset", r)
	}
}

// Everything that was sent before Stop is in the recording, however many runs
// are recorded at the same time.
func TestAllThatWasSentIsRecorded(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Wire)
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() { checkComplete(t, lanes) })
	}
	runs.Wait()
}

func checkComplete(t *testing.T, lanes *capture.Lanes) {
	const writes = 500
	r := recordRun(t, lanes, lanes.Address(), serving(readToTheEnd, func(t *testing.T, c *lab.Conn) {
		for range writes - 1 { // one is written already
			write(t, c, "x")
		}
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		io.Copy(io.Discard, c)
	}))
	next, ends := uint32(1), map[string]bool{}
	for _, event := range r.Events {
		p := event.Packet
		if p == nil {
			continue
		}
		if event.Host == "client" && p.Len > 0 && p.Seq == next {
			next += uint32(p.Len)
		}
		if p.Len == 0 && p.Ack == writes+2 || p.Ack == 2 && event.Host == "client" { // both FINs are acknowledged
			ends[event.Host] = true
		}
	}
	if next != writes+1 || !ends["client"] || !ends["server"] {
		t.Errorf("%d of %d bytes and the ends %v were recorded, want all of them:\n%v", next-1, writes, ends, r)
	}
}

func readToTheEnd(_ context.Context, c *lab.Conn) {
	io.Copy(io.Discard, c)
	c.Close()
}

func TestALossIsTold(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	recorder, err := record.Start(l, t.Name(), record.Options{Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	setInstances(t, "buffer_size_kb", "4")
	flood(t, l) // with more than the buffers have room for, and past the journal
	r, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if r.LostEvents == 0 || len(r.Gaps) == 0 || r.Gaps[0].Lane != evidence.Kernel {
		t.Errorf("%d events are said to be lost and the gaps are %v, want some, and the kernel's gap", r.LostEvents, r.Gaps)
	}
	for i := range r.Resets {
		if r.Resets[i].Sender == evidence.Between {
			t.Fatalf("what was lost is taken for what never was: %v", &r.Resets[i])
		}
	}
}

// flood has 6000 connections reset of which no journal tells.
func flood(t *testing.T, l *lab.Lab) {
	t.Helper()
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for range 6000 {
		client, err := net.Dial("tcp", listener.Addr())
		if err != nil {
			t.Fatal(err)
		}
		server, err := listener.TCP().AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		server.SetLinger(0)
		server.Close()
		client.Close()
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := record.Start(nil, "", record.Options{}); err == nil {
		t.Error("a recording without a lab was started")
	}
}

// setInstances writes a setting of the trace instances of this process.
func setInstances(t *testing.T, file, value string) {
	t.Helper()
	context, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		t.Skipf("tracefs is not to be had: %v", err)
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		t.Fatal(err)
	}
	root, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	paths, err := filepath.Glob(fmt.Sprintf("/proc/self/fd/%d/instances/resetlab-%d-*/%s", root, os.Getpid(), file))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no trace instance of this process: %v", err)
	}
	for _, path := range paths {
		if err := os.WriteFile(path, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
}
