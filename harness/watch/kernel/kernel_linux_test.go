package kernel_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

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
	err := tracer.Read(time.Now(), func(r *kernel.Record) {
		if r.LocalPort == port || r.RemotePort == port {
			all = append(all, *r)
		}
	})
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
	before, _, err := tracer.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for range 32 { // of 2 × 224 bytes
		refuse(t)
	}
	read := uint64(0)
	if err := tracer.Read(time.Now(), func(*kernel.Record) { read++ }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	seen, lost, err := tracer.Counts()
	if err != nil || lost == 0 || seen-before < 64 || read+lost != seen {
		t.Errorf("read %d, counted %d and %d lost: %v", read, seen, lost, err)
	}
}

// The iterator finds the sockets of this process.
func TestHolders(t *testing.T) {
	tracer := open(t, kernel.Options{})
	plain := net.ListenConfig{}
	plain.SetMultipathTCP(false)
	l, err := plain.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	count := func() (ours int) {
		if err := tracer.Holders(func(h *kernel.Holder) {
			if int(h.Process) == os.Getpid() {
				ours++
			}
		}); err != nil {
			t.Fatal(err)
		}
		return ours
	}
	before := count()
	another, err := plain.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	if after := count(); before < 1 || after != before+1 {
		t.Errorf("%d sockets, and with another one %d", before, after)
	}
}

// Nothing stays in the kernel.
func TestNothingIsLeft(t *testing.T) {
	tracer := open(t, kernel.Options{})
	during := programs(t)
	if during == 0 {
		t.Fatal("the programs are not found")
	}
	if err := tracer.Close(); err != nil {
		t.Fatal(err)
	}
	// The kernel frees a program once all processors have noticed.
	for deadline := time.Now().Add(10 * time.Second); programs(t) > 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d programs are left of %d", programs(t), during)
		}
	}
}

// programs counts the program's parts that are loaded, of this process and
// others.
func programs(t *testing.T) (n int) {
	t.Helper()
	for id := ebpf.ProgramID(0); ; n++ {
		var err error
		for {
			if id, err = ebpf.ProgramGetNextID(id); err != nil {
				return n
			}
			program, err := ebpf.NewProgramFromID(id)
			if err != nil {
				continue
			}
			info, err := program.Info()
			program.Close()
			if err == nil && strings.HasPrefix(info.Name, "tcp_receive_res") { // the kernel keeps 15 bytes
				break
			}
		}
	}
}

// The object that is embedded is what the source compiles to. Versions of clang
// differ in what they make of it: CI has the one that made it.
func TestObjectsAreOfTheSource(t *testing.T) {
	if _, err := exec.LookPath("clang"); err != nil {
		missing(t, err)
	}
	made, root := t.TempDir(), filepath.Join("..", "..", "..")
	build := exec.Command("make", "--no-print-directory", "-C", root, "bpf", "BPF_TO="+made)
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, text)
	}
	for _, object := range []string{"resets_bpfel.o", "resets_bpfeb.o"} {
		got, want := disassembly(t, filepath.Join(made, object)), disassembly(t, filepath.Join("bpf", object))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the source compiles to: run make bpf", object)
		}
	}
}

// disassembly is what llvm-objdump says of an object, without its path.
func disassembly(t *testing.T, object string) []byte {
	t.Helper()
	text, err := exec.Command("llvm-objdump", "--disassemble", "--reloc", object).Output()
	if err != nil {
		missing(t, err)
	}
	_, text, found := bytes.Cut(text, []byte("file format"))
	if !found || len(text) < 10_000 {
		t.Fatalf("llvm-objdump says of %s:\n%s", object, text)
	}
	return text
}
