package kernel_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// missing skips a test with the reason, or fails if RESETLAB_STRICT=1 forbids
// skipping.
func missing(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatalf("skipping is forbidden: %v", why)
	}
	t.Skip(why)
}

func open(t *testing.T, o kernel.Options) *kernel.Tracer {
	t.Helper()
	tracer, err := kernel.Open(o)
	if refused := (*ebpf.VerifierError)(nil); errors.As(err, &refused) {
		t.Fatalf("%+v", refused) // that lies in the program
	}
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(func() { tracer.Close() })
	return tracer
}

// refuse draws a RST from a port where nobody listens any more, and returns it.
func refuse(t *testing.T) (port uint16) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if conn, err := net.Dial("tcp", l.Addr().String()); err == nil {
		conn.Close()
		t.Fatal("it was not refused")
	}
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// records returns what has been recorded up to now of a port.
func records(t *testing.T, tracer *kernel.Tracer, port uint16) []kernel.Record {
	t.Helper()
	var all []kernel.Record
	var err error
	for err == nil { // the machine's other resets may be many
		err = tracer.Read(time.Now(), func(r *kernel.Record) {
			if r.LocalPort == port || r.RemotePort == port {
				all = append(all, *r)
			}
		})
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return all
}

// Two tracers see the same, one does not miss what the other has taken, and the
// garbage collector detaches nothing that is still in use.
func TestTwoTracers(t *testing.T) {
	one, other := open(t, kernel.Options{}), open(t, kernel.Options{Ring: 1 << 16})
	runtime.GC()
	runtime.GC()
	port := refuse(t)
	for _, tracer := range []*kernel.Tracer{one, other} {
		got := records(t, tracer, port)
		if len(got) != 2 || got[0].Kind != kernel.Sent || got[1].Kind != kernel.Received {
			t.Fatalf("got %+v, want one that was sent and one that was received", got)
		}
		if reason, told := tracer.Reason(&got[0]); tracer.TellsReasons() && (!told || reason != "NO_SOCKET") {
			t.Errorf("the reason is %q, want NO_SOCKET", reason)
		}
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if port := refuse(t); len(records(t, other, port)) != 2 {
		t.Error("with one tracer gone the other one sees nothing")
	}
}

// Without reasons the program reads no third argument, as on kernels that have
// none.
func TestWithoutReasons(t *testing.T) {
	tracer := open(t, kernel.Options{WithoutReasons: true})
	got := records(t, tracer, refuse(t))
	if len(got) != 2 || got[0].Reason != kernel.NoReason {
		t.Errorf("got %+v, want two without a reason", got)
	}
}

// A ring that is full loses what comes, and counts it.
func TestLostAreCounted(t *testing.T) {
	tracer := open(t, kernel.Options{Ring: 1 << 12})
	before, err := tracer.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for range 32 { // of 2 × 144 bytes
		refuse(t)
	}
	read := uint64(0)
	if err := tracer.Read(time.Now(), func(*kernel.Record) { read++ }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	c, err := tracer.Counts()
	if err != nil || c.Lost == 0 || c.Seen-before.Seen < 64 || read+c.Lost != c.Seen {
		t.Errorf("read %d, counted %+v: %v", read, c, err)
	}
}

// What is more than the rate allows is counted by its kind, and only that.
func TestRate(t *testing.T) {
	const rate, many = 5, 500
	tracer := open(t, kernel.Options{Rate: rate})
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	for range many {
		if conn, err := net.Dial("tcp4", l.Addr().String()); err == nil {
			conn.Close()
			t.Fatal("it was not refused")
		}
	}
	read, slots := map[uint8]uint64{}, map[uint16]uint8{}
	for _, r := range records(t, tracer, port) {
		read[r.Kind]++
		slots[r.Slot] = r.Kind
	}
	folded := map[uint8]uint64{}
	if err := tracer.Folded(func(slot uint16, n uint64) { folded[slots[slot]] += n }); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []uint8{kernel.Sent, kernel.Received} {
		if read[kind] < rate || folded[kind] == 0 || read[kind]+folded[kind] != many {
			t.Errorf("kind %d: read %d and folded %d of %d", kind, read[kind], folded[kind], many)
		}
	}
}

// Nothing stays in the kernel, programs, maps nor links.
func TestNothingIsLeft(t *testing.T) {
	tracer := open(t, kernel.Options{})
	during := loaded(t, os.Getpid())
	if during["prog_id"] == nil || during["map_id"] == nil || during["link_id"] == nil {
		t.Fatalf("the programs are not found: %v", during)
	}
	if err := tracer.Close(); err != nil {
		t.Fatal(err)
	}
	gone(t, during)
}

// childVariable makes a process of this test one that only traces.
const childVariable = "RESETLAB_KERNEL_TEST_CHILD"

// TestChildTraces is no test but a process that is killed.
func TestChildTraces(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	open(t, kernel.Options{})
	fmt.Println("traces")
	io.Copy(io.Discard, os.Stdin)
}

// One tracer is killed with SIGKILL: nothing of it stays, and the other one has
// missed nothing.
func TestKilled(t *testing.T) {
	tracer := open(t, kernel.Options{})
	child := exec.Command(os.Args[0], "-test.run=^TestChildTraces$")
	child.Env = append(os.Environ(), childVariable+"=1")
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "traces\n" {
		t.Fatalf("the child said %q: %v", line, err)
	}
	during := loaded(t, child.Process.Pid)
	if during["prog_id"] == nil || during["map_id"] == nil || during["link_id"] == nil {
		t.Fatalf("its programs are not found: %v", during)
	}
	port := refuse(t)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	gone(t, during)
	if before, after := len(records(t, tracer, port)), refuse(t); before != 2 || len(records(t, tracer, after)) != 2 {
		t.Error("the other one missed something")
	}
	if c, err := tracer.Counts(); err != nil || c.Lost != 0 {
		t.Errorf("%+v: %v", c, err)
	}
	t.Logf("%d programs, %d maps and %d links are gone", len(during["prog_id"]), len(during["map_id"]), len(during["link_id"]))
}

// gone waits until all of that is gone.
func gone(t *testing.T, during map[string][]uint32) {
	t.Helper()
	for kind, ids := range during {
		for _, id := range ids {
			// The kernel frees them once all processors have noticed, and memory that is
			// mapped when the collector has found that nobody asks for it any more.
			for deadline := time.Now().Add(time.Minute); exists(kind, id); runtime.GC() {
				if time.Now().After(deadline) {
					t.Fatalf("%s %d is left of %v", kind, id, during)
				}
			}
		}
	}
}

// loaded returns the numbers of what a process has in the kernel, by its
// descriptors: those of other watchers come and go.
func loaded(t *testing.T, process int) map[string][]uint32 {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", process))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]uint32{}
	for _, file := range files {
		text, _ := os.ReadFile(file) // one of them was that of the directory
		for line := range strings.Lines(string(text)) {
			kind, number, _ := strings.Cut(strings.TrimSpace(line), ":")
			if kind == "prog_id" || kind == "map_id" || kind == "link_id" {
				id, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(ids[kind], uint32(id)) {
					ids[kind] = append(ids[kind], uint32(id))
				}
			}
		}
	}
	return ids
}

func exists(kind string, id uint32) bool {
	var object io.Closer
	var err error
	switch kind {
	case "prog_id":
		object, err = ebpf.NewProgramFromID(ebpf.ProgramID(id))
	case "map_id":
		object, err = ebpf.NewMapFromID(ebpf.MapID(id))
	case "link_id":
		object, err = link.NewFromID(link.ID(id))
	}
	if err == nil {
		object.Close()
	}
	return err == nil
}
