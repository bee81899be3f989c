package cli_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

// watching starts to watch, or skips where this machine does not let it by the
// source ebpf.
func watching(t *testing.T, args ...string) *running {
	t.Helper()
	w, err := watch.Open(watch.Options{Source: watch.SourceEBPF})
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skip(err)
	}
	w.Close()
	return start(t, append([]string{"watch"}, args...)...)
}

// TestWatchAsNobody: what watches has no privileges any more, and says all the
// same which process of another user had a connection that its listener's
// process did not have.
func TestWatchAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can start processes of another user")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	run := watching(t, "--json", fmt.Sprint("--port=", listener.Addr().(*net.TCPAddr).Port))
	var begin struct{ Source, Privileges string }
	if err := json.Unmarshal([]byte(run.line(`"kind":"begin"`)), &begin); err != nil || begin.Source != "ebpf" {
		t.Fatalf("it began with %+v: %v", begin, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", run.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Uid:\t65534\t65534\t65534\t65534", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}

	client, worker := handedOver(t, listener)
	client.SetLinger(0)
	client.Close()

	var d watch.Diagnosis
	if err := json.Unmarshal([]byte(run.line(`"kind":"sent"`)), &d); err != nil {
		t.Fatal(err)
	}
	if d.Cause != "linger-zero" || d.Owner.PID != os.Getpid() || d.Peer == nil || d.Peer.Owner.PID != worker || !d.Peer.Owner.Sure() {
		t.Errorf("got %+v, and at the other end %+v, want process %d there", d, d.Peer, worker)
	}
	rest, exit := run.interrupt()
	if exit != 0 || !strings.Contains(rest, `"kind":"summary","resets":1`) || !strings.Contains(rest, `"lost_events":0`) {
		t.Errorf("status %d, said at the end %s", exit, rest)
	}
}

// handedOver makes a connection whose other end only a process of another user
// holds.
func handedOver(t *testing.T, listener net.Listener) (client *net.TCPConn, worker int) {
	t.Helper()
	dialed, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	file, err := accepted.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("cat")
	holder.ExtraFiles = []*os.File{file}
	holder.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65533, Gid: 65533}}
	input, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { input.Close(); holder.Wait() })
	file.Close()
	accepted.Close()
	return dialed.(*net.TCPConn), holder.Process.Pid
}

// TestWatchInLines: what a person reads names the cause, the cure and the command
// that shows it, and ends by itself.
func TestWatchInLines(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	run := watching(t, "--count=1", "--cause=refused", fmt.Sprint("--port=", listener.Addr().(*net.TCPAddr).Port))
	run.line("watching the whole machine by ebpf")
	if conn, err := net.Dial("tcp4", address); err == nil {
		conn.Close()
		t.Fatal("it was not refused")
	}
	rest, status := run.end()
	for _, want := range []string{
		"▶ sent", address + " → ", "NO_SOCKET", "nobody listens there", "cause refused (observed)", "cure  On the server's machine",
		"run refusing-a-connection", "1 reset; of ", " 0 are lost",
	} {
		if !strings.Contains(rest, want) {
			t.Errorf("no %q in\n%s", want, rest)
		}
	}
	if status != 0 || run.stderr.String() != "" {
		t.Errorf("status %d, said %q", status, &run.stderr)
	}
}

// TestWatchExpect: what is on the list is good, what is not ends with status 3.
func TestWatchExpect(t *testing.T) {
	for cause, want := range map[string]int{"refused": 0, "killed": 3} {
		list := filepath.Join(t.TempDir(), "known")
		if err := os.WriteFile(list, []byte("* "+cause+" it is known\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		run := watching(t, "--count=1", "--expect", list, fmt.Sprint("--port=", listener.Addr().(*net.TCPAddr).Port))
		run.line("watching")
		if conn, err := net.Dial("tcp4", listener.Addr().String()); err == nil {
			conn.Close()
			t.Fatal("it was not refused")
		}
		if rest, status := run.end(); status != want {
			t.Errorf("%s: status %d, want %d: %s%s", cause, status, want, rest, &run.stderr)
		}
	}
}
