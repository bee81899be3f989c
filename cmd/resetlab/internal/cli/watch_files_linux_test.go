package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// leftUnread makes a listener and a connection to it that is closed there with
// bytes unread: what the listener's address is. The reset has come when this
// returns.
func leftUnread(t *testing.T, listener net.Listener) {
	t.Helper()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write(make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if _, err := client.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "reset by peer") {
		t.Fatalf("the client got %v", err)
	}
}

func listening(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func portOf(l net.Listener) string { return fmt.Sprint("--port=", l.Addr().(*net.TCPAddr).Port) }

// TestWatchFiles: a card as it comes, and after Ctrl-C files from which show and
// diagnose tell the same.
func TestWatchFiles(t *testing.T) {
	listener := listening(t)
	record, page := filepath.Join(t.TempDir(), "r.json"), filepath.Join(t.TempDir(), "p.html")
	run := watching(t, "--card", "--record", record, "--html", page, portOf(listener))
	run.line("watching the whole machine by ebpf")
	leftUnread(t, listener)
	me := fmt.Sprintf("cli.test-%d", os.Getpid())
	run.line(fmt.Sprintf("%s, at %v, sent a RST to ", me, listener.Addr()))
	run.line("511 bytes unread")
	run.line("TCP_ABORT_ON_CLOSE, close()")
	run.line("cure  ")
	if rest, status := run.interrupt(); status != 0 || !strings.Contains(rest, "1 reset; of ") || run.stderr.String() != "" {
		t.Errorf("status %d, said %s%s", status, rest, &run.stderr)
	}

	shown, status := start(t, "show", record).end()
	if status != 0 || !strings.Contains(shown, "its owner closed with received bytes unread") || strings.Contains(shown, "PSH") {
		t.Errorf("show: status %d, %s", status, shown)
	}
	told, status := start(t, "diagnose", record).end()
	for _, want := range []string{"1 recording, 1 connection", "unread, or ", "511 bytes that had come were never read", "cure ", "run closing-with-unread-data"} {
		if status != 0 || !strings.Contains(told, want) {
			t.Errorf("diagnose: status %d, no %q in %s", status, want, told)
		}
	}
	html, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(html), "1 reset came while this machine was watched") || !strings.Contains(string(html), me) ||
		!strings.Contains(string(html), "resetlab run closing-with-unread-data") {
		t.Errorf("the page: %v, %d bytes", err, len(html))
	}
}

// TestWatchKilled: what was recorded before the watcher is killed can be shown.
func TestWatchKilled(t *testing.T) {
	listener := listening(t)
	record := filepath.Join(t.TempDir(), "r.json")
	run := watching(t, "--record", record, portOf(listener))
	run.line("watching")
	leftUnread(t, listener)
	run.line("▶ sent")
	run.cmd.Process.Kill()
	run.cmd.Wait()
	if shown, status := start(t, "show", record).end(); status != 0 || !strings.Contains(shown, "TCP_ABORT_ON_CLOSE") {
		t.Errorf("show: status %d, %s", status, shown)
	}
}

// TestWatchSparesFiles: what is no recording is not overwritten, and nothing is
// watched; nor are files made that cannot be used.
func TestWatchSparesFiles(t *testing.T) {
	dir := t.TempDir()
	notes := filepath.Join(dir, "notes")
	if err := os.WriteFile(notes, []byte("# mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--record", notes}, {"--html", notes}, {"--record", filepath.Join(dir, "none", "r")}, {"--record", dir},
		{"--record", "-", "--json"}, {"--record", "-", "--html", "-"}, {"--record", filepath.Join(dir, "x"), "--html", filepath.Join(dir, "x")},
		{"--card", "--json"}, {"--width", "3"},
	} {
		run := start(t, append([]string{"watch", "--for=1ms"}, args...)...)
		if out, status := run.end(); status != 2 || out != "" || run.stderr.String() == "" {
			t.Errorf("%q: status %d, said %q and %q", args, status, out, &run.stderr)
		}
	}
	if text, _ := os.ReadFile(notes); string(text) != "# mine\n" {
		t.Errorf("the file has %q now", text)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("there are %v", left)
	}
}

// TestWatchRecordsToStandardOutput, and speaks elsewhere.
func TestWatchRecordsToStandardOutput(t *testing.T) {
	listener := listening(t)
	watching(t, "--for=1ms").end() // it can be watched here
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	run := &running{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], "watch", "--record=-", "--count=1", portOf(listener))}
	run.cmd.Env, run.cmd.Stdout = append(os.Environ(), asCommand+"=1"), out
	stderr, err := run.cmd.StderrPipe()
	if err == nil {
		err = run.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	run.lines = bufio.NewScanner(stderr)
	run.line("watching")
	leftUnread(t, listener)
	said, status := run.end()
	if written, err := os.ReadFile(out.Name()); status != 0 || err != nil || !json.Valid(written) || !strings.Contains(said, "1 reset; of ") {
		t.Errorf("status %d, said %q and %q, %v", status, written, said, err)
	}
}
