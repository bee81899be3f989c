package evidence_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
)

// leftVariable tells a re-executed test binary to open its lanes and wait.
const leftVariable = "RESETLAB_TEST_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(leftVariable) == "" {
		os.Exit(m.Run())
	}
	lanes := evidence.Open()
	fmt.Println("open")
	os.Stdin.Read(make([]byte, 1))
	if err := lanes.Close(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// startWaiting starts a process that holds its lanes open until it is killed
// or its standard input is closed.
func startWaiting(t *testing.T) (waiting *exec.Cmd, end func()) {
	t.Helper()
	waiting = exec.Command("/proc/self/exe")
	waiting.Env = append(os.Environ(), leftVariable+"=1")
	stdin, err := waiting.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := waiting.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return waiting, func() {
		stdin.Close()
		waiting.Wait() // an error says that it was killed
	}
}

func TestWhatAKilledProcessLeavesIsSwept(t *testing.T) {
	needs(t, open(t), evidence.Kernel)
	path, done := mountedTracefs(t)
	defer done()
	instances := func(process *exec.Cmd) int {
		found, err := filepath.Glob(fmt.Sprintf("%s/instances/resetlab-%d-*", path, process.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	killed, end := startWaiting(t)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It has ended, and stays in the table of processes until end asks for it.
	if err := unix.Waitid(unix.P_PID, killed.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	removed, err := evidence.Sweep()
	if err != nil || !slices.ContainsFunc(removed, isOf(killed)) {
		t.Errorf("removed %v (%v), want the one of the killed process", removed, err)
	}
	if n := instances(killed); n != 0 {
		t.Errorf("%d trace instances are left", n)
	}
	end()

	killed, end = startWaiting(t)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	end()
	alive, endAlive := startWaiting(t)
	defer endAlive()
	if n := instances(killed); n != 0 {
		t.Errorf("the killed process has left %d trace instances, want the next process to have swept them", n)
	}

	open(t) // sweeps, too
	if removed, err := evidence.Sweep(); err != nil || slices.ContainsFunc(removed, isOf(alive)) {
		t.Errorf("removed %v (%v), and one is in use", removed, err)
	}
	if n := instances(alive); n != 1 {
		t.Errorf("the living process has %d trace instances, want its own one", n)
	}
	endAlive()
	if n := instances(alive); n != 0 {
		t.Errorf("a process that ended well has left %d trace instances", n)
	}
}

// isOf says whether the name of a trace instance is that of a process's.
func isOf(process *exec.Cmd) func(string) bool {
	return func(name string) bool {
		return strings.HasPrefix(name, fmt.Sprintf("resetlab-%d-", process.Process.Pid))
	}
}

// mountedTracefs mounts tracefs at a directory of our own mount.
func mountedTracefs(t *testing.T) (path string, done func()) {
	t.Helper()
	root, err := evidence.MountTracefs()
	if err != nil {
		t.Skipf("tracefs is not to be had: %v", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", root.Fd()), func() { root.Close() }
}

func TestLanesLeaveNothingBehind(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	evidence.Open().Close() // the first time, what the process keeps anyway
	before, running := descriptors(), runtime.NumGoroutine()
	for range 3 {
		lanes := evidence.Open()
		record(t, lanes, lanes.Address(), situations[0].run)
		if err := lanes.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := descriptors(); after > before {
		t.Errorf("%d descriptors are open, before it were %d", after, before)
	}
	if now := runtime.NumGoroutine(); now > running {
		t.Errorf("%d goroutines run, before it were %d", now, running)
	}
}

func TestRecordingWithLanesOfItsOwn(t *testing.T) {
	r := record(t, nil, netip.MustParseAddr("127.9.9.9"), situations[0].run)
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

func checkComplete(t *testing.T, lanes *evidence.Lanes) {
	const writes = 500
	r := record(t, lanes, lanes.Address(), serving(readToTheEnd, func(t *testing.T, c *lab.Conn) {
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

// Going from processor to processor ends where it began.
func TestPassEverywhere(t *testing.T) {
	runtime.LockOSThread() // never unlocked: if it fails the thread is of no use
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // it unlocks once
	if err := evidence.PassEverywhere(); err != nil {
		t.Error(err)
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("the thread may run on %v (%v), before it was %v", after, err, before)
	}
}

func TestALossIsTold(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	recorder, err := evidence.Start(l, t.Name(), evidence.Options{Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	release := lanes.Hold()
	flood(t, l) // with more than the rings have room for, and past the journal
	release()
	r, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if r.LostPackets == 0 || r.LostEvents == 0 {
		t.Errorf("%d segments and %d events are said to be lost, want some of both", r.LostPackets, r.LostEvents)
	}
	for i := range r.Resets {
		if r.Resets[i].Sender == evidence.Between {
			t.Fatalf("what was lost is taken for what never was: %v", &r.Resets[i])
		}
	}
}

// What others go on doing does not keep Stop from ending.
func TestStopReadsWhatHappenedBefore(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	const before = 3
	line := func(at time.Time) []byte {
		return []byte(strings.Replace(ownResetLine, "1795219522.067871",
			fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000), 1) + "\n")
	}
	if _, err := unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, 1<<18); err != nil {
		t.Skip(err)
	}
	for range before {
		unix.Write(pipe[1], line(time.Now().Add(-time.Second)))
	}
	later, err := 0, error(nil)
	for err == nil { // until the pipe is full
		_, err = unix.Write(pipe[1], line(time.Now().Add(time.Hour)))
		later++
	}

	got, err := evidence.Empty(pipe[0])

	if err != nil || got < before || got >= later {
		t.Errorf("%d events were read (%v), want the %d from before and not all of %d others", got, err, before, later)
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

func TestAddresses(t *testing.T) {
	lanes := open(t, evidence.Calls)
	seen := map[netip.Addr]bool{}
	for range 254 {
		ip := lanes.Address()
		if seen[ip] || !ip.IsLoopback() || netip.MustParsePrefix("127.0.0.0/24").Contains(ip) {
			t.Fatalf("got %v after %d others, want a new one outside 127.0.0.0/24", ip, len(seen))
		}
		seen[ip] = true
		listener, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
	}
}

func TestEveryReasonOfThisKernelIsExplained(t *testing.T) {
	needs(t, open(t), evidence.Kernel)
	path, done := mountedTracefs(t)
	defer done()
	format, err := os.ReadFile(path + "/events/tcp/tcp_send_reset/format")
	if err != nil {
		t.Fatal(err)
	}
	_, symbols, _ := strings.Cut(string(format), "__print_symbolic(REC->reason,")
	known := 0
	for part := range strings.SplitSeq(symbols, `"`) {
		if strings.Trim(part, " ,{}0123456789)\n") == "" {
			continue
		}
		known++
		if _, ok := evidence.Explain(part); !ok {
			t.Errorf("%s is not explained", part)
		}
	}
	if known < 26 {
		t.Errorf("only %d reasons were found in the format", known)
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := evidence.Start(nil, "", evidence.Options{}); err == nil {
		t.Error("a recording without a lab was started")
	}
}

func TestTheKernelNamesItsReasons(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)

	names, err := lanes.Reasons()

	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, "NO_SOCKET") || slices.Contains(names, "MAX") {
		t.Errorf("got %q, want NO_SOCKET among them and not the end of the list", names)
	}
	wireOnly := open(t, evidence.Wire)
	if names, err := wireOnly.Reasons(); err == nil || len(names) > 0 {
		t.Errorf("without the kernel lane: got %q, %v, want an error", names, err)
	}
}
