package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/tcp"
)

// errnos are POSIX's errors and the endings they stand for.
var errnos = []struct {
	err  error
	want tcp.Ending
}{
	{syscall.ECONNRESET, tcp.Reset},
	{syscall.EPIPE, tcp.BrokenPipe},
	{syscall.ECONNREFUSED, tcp.Refused},
	{syscall.ECONNABORTED, tcp.Aborted},
	{syscall.ETIMEDOUT, tcp.TimedOut},
	{syscall.EHOSTUNREACH, tcp.Unreachable},
	{syscall.ENETUNREACH, tcp.Unreachable},
	{syscall.EHOSTDOWN, tcp.Unreachable},
	{syscall.ENETDOWN, tcp.Unreachable},
	{syscall.EINVAL, tcp.Other},
}

// others come from Go's packages, and from Windows Sockets (winsock2.h).
var others = []struct {
	err  error
	want tcp.Ending
}{
	{net.ErrClosed, tcp.Closed},
	{io.ErrClosedPipe, tcp.Closed},
	{os.ErrDeadlineExceeded, tcp.GaveUp},
	{context.DeadlineExceeded, tcp.GaveUp},
	{context.Canceled, tcp.GaveUp},
	{io.EOF, tcp.Finished},
	{io.ErrUnexpectedEOF, tcp.Finished},
	{errors.New("connection reset by peer"), tcp.Other},
	{&net.DNSError{Err: "no such host"}, tcp.Other},
	{syscall.Errno(10054), tcp.Reset},
	{syscall.Errno(10052), tcp.Reset},
	{syscall.Errno(10053), tcp.Aborted},
	{syscall.Errno(10058), tcp.BrokenPipe},
	{syscall.Errno(10061), tcp.Refused},
	{syscall.Errno(10060), tcp.TimedOut},
	{syscall.Errno(10050), tcp.Unreachable},
	{syscall.Errno(10051), tcp.Unreachable},
	{syscall.Errno(10064), tcp.Unreachable},
	{syscall.Errno(10065), tcp.Unreachable},
	{syscall.Errno(10055), tcp.Other}, // WSAENOBUFS
}

// wrappers are how Go's packages hand an error on.
var wrappers = []struct {
	name string
	wrap func(error) error
}{
	{"SyscallError", func(err error) error { return os.NewSyscallError("read", err) }},
	{"OpError", func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }},
	{"url.Error", func(err error) error { return &url.Error{Op: "Get", URL: "http://shop", Err: err} }},
	{"Errorf", func(err error) error { return fmt.Errorf("checkout: %w", err) }},
	{"Join", func(err error) error { return errors.Join(errors.New("first"), err) }},
}

func TestEndingOf(t *testing.T) {
	if got := tcp.EndingOf(nil); got != tcp.Open {
		t.Errorf("EndingOf(nil) is %q, want %q", got, tcp.Open)
	}
	for _, tt := range append(errnos, others...) {
		if got := tcp.EndingOf(tt.err); got != tt.want {
			t.Errorf("EndingOf(%#v) is %q, want %q", tt.err, got, tt.want)
		}
		for _, w := range wrappers {
			if got := tcp.EndingOf(w.wrap(tt.err)); got != tt.want {
				t.Errorf("EndingOf(%s of %#v) is %q, want %q", w.name, tt.err, got, tt.want)
			}
		}
	}
}

func TestEndingOfSeveralIsTheFirstOfItsTable(t *testing.T) {
	order := []error{
		syscall.ECONNRESET, syscall.Errno(10054), syscall.EPIPE, syscall.Errno(10061), syscall.ECONNABORTED,
		syscall.ETIMEDOUT, syscall.EHOSTUNREACH, net.ErrClosed, os.ErrDeadlineExceeded, io.EOF, errors.New("other"),
	}
	for i, first := range order {
		for _, second := range order[i:] {
			want := tcp.EndingOf(first)
			if got := tcp.EndingOf(errors.Join(first, second)); got != want {
				t.Errorf("%v, then %v: got %q, want %q", first, second, got, want)
			}
			if got := tcp.EndingOf(errors.Join(second, first)); got != want {
				t.Errorf("%v, then %v: got %q, want %q", second, first, got, want)
			}
		}
	}
}

// FuzzEndingOf wraps any error in any nesting: the ending stays the same.
func FuzzEndingOf(f *testing.F) {
	f.Add(uint16(104), []byte{0, 1}) // ECONNRESET on Linux
	f.Add(uint16(10054), []byte{4, 2, 1, 0})
	f.Add(uint16(0), []byte{})
	f.Add(uint16(60000), []byte{3, 3, 3})
	f.Fuzz(func(t *testing.T, number uint16, nesting []byte) {
		err := error(syscall.Errno(number))
		if n := int(number); n >= 1<<15 {
			err = others[n%len(others)].err
		}
		want := tcp.EndingOf(err)
		for _, b := range nesting[:min(len(nesting), 64)] {
			err = wrappers[int(b)%len(wrappers)].wrap(err)
			if err == nil { // no system call fails with errno 0, and SyscallError knows that
				return
			}
			if got := tcp.EndingOf(err); got != want {
				t.Fatalf("%#v is %q, and %q when wrapped", err, want, got)
			}
		}
	})
}
