package capture_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/tcp"
)

// leftVariable tells a re-executed test binary to open its lanes and wait.
const leftVariable = "RESETLAB_TEST_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(leftVariable) == "" {
		os.Exit(m.Run())
	}
	lanes := capture.Open()
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
	removed, err := capture.Sweep()
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
	if removed, err := capture.Sweep(); err != nil || slices.ContainsFunc(removed, isOf(alive)) {
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
	root, err := capture.MountTracefs()
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
	capture.Open().Close() // the first time, what the process keeps anyway
	before, running := descriptors(), runtime.NumGoroutine()
	for range 3 {
		lanes := capture.Open()
		streamAll(t, lanes)
		if err := lanes.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := descriptors(); after > before {
		t.Errorf("%d descriptors are open, before it were %d", after, before)
	}
	// A goroutine that has said that it is over takes a moment to be gone.
	for late := time.Now().Add(time.Minute); runtime.NumGoroutine() > running && time.Now().Before(late); {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > running {
		t.Errorf("%d goroutines run, before it were %d", now, running)
	}
}

// Going from processor to processor ends where it began.
func TestPassEverywhere(t *testing.T) {
	runtime.LockOSThread() // never unlocked: if it fails the thread is of no use
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // it unlocks once
	if err := capture.PassEverywhere(); err != nil {
		t.Error(err)
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("the thread may run on %v (%v), before it was %v", after, err, before)
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
	const before, mark = 3, 7
	line := func(at time.Time, text string) []byte {
		return []byte(strings.Replace(text, "1795219522.067871",
			fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000), 1) + "\n")
	}
	if _, err := unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, 1<<18); err != nil {
		t.Skip(err)
	}
	for range before {
		unix.Write(pipe[1], line(time.Now(), ownResetLine))
	}
	unix.Write(pipe[1], line(time.Now(), "toy-1 [000] ..... 1795219522.067871: tracing_mark_write: resetlab mark 7"))
	later, err := 0, error(nil)
	for err == nil { // until the pipe is full
		_, err = unix.Write(pipe[1], line(time.Now(), ownResetLine))
		later++
	}

	got, err := capture.Empty(pipe[0], mark, time.Now().Add(time.Hour))

	if err != nil || got < before || got >= later {
		t.Errorf("%d events were read (%v), want the %d from before and not all of %d others", got, err, before, later)
	}
}

// Nor does it where the mark was overwritten before it was read: what happened
// after it says that it does not come any more.
func TestStopDoesNotAwaitAMarkThatWasOverwritten(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	if _, err := unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, 1<<18); err != nil {
		t.Skip(err)
	}
	written, err := 0, error(nil)
	for ; err == nil; written++ { // until the pipe is full
		_, err = unix.Write(pipe[1], []byte(ownResetLine+"\n"))
	}
	const then = 1795219522 // when these lines were written

	got, err := capture.Empty(pipe[0], 7, time.Unix(then-60, 0))

	if err != nil || got == 0 || got >= written {
		t.Errorf("%d events were read (%v), want some and not all of %d", got, err, written)
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
		if _, ok := tcp.Reason(part).Explain(); !ok {
			t.Errorf("%s is not explained", part)
		}
	}
	if known < 26 {
		t.Errorf("only %d reasons were found in the format", known)
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

// streamAll opens and closes every stream.
func streamAll(t *testing.T, lanes *capture.Lanes) {
	t.Helper()
	if segments, err := lanes.Segments(lanes.Address()); err == nil {
		if _, _, err := segments.Close(); err != nil {
			t.Error(err)
		}
	}
	if events, err := lanes.KernelEvents(nil); err == nil {
		if _, _, err := events.Close(); err != nil {
			t.Error(err)
		}
	}
}

// open opens lanes for a test.
func open(t testing.TB, lanes ...evidence.Lane) *capture.Lanes {
	t.Helper()
	opened := capture.Open(lanes...)
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// needs skips a test that cannot do without a lane.
func needs(t testing.TB, lanes *capture.Lanes, lane evidence.Lane) {
	t.Helper()
	for _, missing := range lanes.Missing() {
		if missing.Lane == lane {
			t.Skipf("the lane %s is missing: %s", lane, missing.Why)
		}
	}
}
