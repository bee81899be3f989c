package cli_test

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

func TestServeTellsOfEveryConnection(t *testing.T) {
	server := start(t, "serve", "read-one-byte-then-close")
	_, address, _ := strings.Cut(server.line("listening on"), "listening on ")

	if _, err := exchange(t, address, "ab"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("two bytes: %v, want a reset", err)
	}
	server.line("received 1")
	if _, err := exchange(t, address, "a"); !errors.Is(err, io.EOF) {
		t.Errorf("one byte: %v, want the end of the stream", err)
	}
	server.line("#")
	if rest, status := server.interrupt(); status != 0 {
		t.Errorf("status %d after an interrupt, want 0; said %s%s", status, rest, &server.stderr)
	}
}

func TestServeListensWhereItIsTold(t *testing.T) {
	server := start(t, "serve", "echo", "--listen", "0.0.0.0:0")
	server.line("listening on")
	server.interrupt()
	if !strings.Contains(server.stderr.String(), "not a loopback address") {
		t.Errorf("no warning: %q", &server.stderr)
	}
}
