package harness_test

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

	"github.com/resetlab/resetlab/harness"
)

// errnos are POSIX's errors and the endings they stand for.
var errnos = []struct {
	err  error
	want harness.Ending
}{
	{syscall.ECONNRESET, harness.Reset},
	{syscall.EPIPE, harness.BrokenPipe},
	{syscall.ECONNREFUSED, harness.Refused},
	{syscall.ECONNABORTED, harness.Aborted},
	{syscall.ETIMEDOUT, harness.TimedOut},
	{syscall.EHOSTUNREACH, harness.Unreachable},
	{syscall.ENETUNREACH, harness.Unreachable},
	{syscall.EHOSTDOWN, harness.Unreachable},
	{syscall.ENETDOWN, harness.Unreachable},
	{syscall.EINVAL, harness.Other},
}

// others come from Go's packages, and from Windows Sockets (winsock2.h).
var others = []struct {
	err  error
	want harness.Ending
}{
	{net.ErrClosed, harness.Closed},
	{io.ErrClosedPipe, harness.Closed},
	{os.ErrDeadlineExceeded, harness.GaveUp},
	{context.DeadlineExceeded, harness.GaveUp},
	{context.Canceled, harness.GaveUp},
	{io.EOF, harness.Finished},
	{io.ErrUnexpectedEOF, harness.Finished},
	{errors.New("connection reset by peer"), harness.Other},
	{&net.DNSError{Err: "no such host"}, harness.Other},
	{syscall.Errno(10054), harness.Reset},
	{syscall.Errno(10052), harness.Reset},
	{syscall.Errno(10053), harness.Aborted},
	{syscall.Errno(10058), harness.BrokenPipe},
	{syscall.Errno(10061), harness.Refused},
	{syscall.Errno(10060), harness.TimedOut},
	{syscall.Errno(10050), harness.Unreachable},
	{syscall.Errno(10051), harness.Unreachable},
	{syscall.Errno(10064), harness.Unreachable},
	{syscall.Errno(10065), harness.Unreachable},
	{syscall.Errno(10055), harness.Other}, // WSAENOBUFS
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
	if got := harness.EndingOf(nil); got != harness.Open {
		t.Errorf("EndingOf(nil) is %q, want %q", got, harness.Open)
	}
	for _, tt := range append(errnos, others...) {
		if got := harness.EndingOf(tt.err); got != tt.want {
			t.Errorf("EndingOf(%#v) is %q, want %q", tt.err, got, tt.want)
		}
		for _, w := range wrappers {
			if got := harness.EndingOf(w.wrap(tt.err)); got != tt.want {
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
			want := harness.EndingOf(first)
			if got := harness.EndingOf(errors.Join(first, second)); got != want {
				t.Errorf("%v, then %v: got %q, want %q", first, second, got, want)
			}
			if got := harness.EndingOf(errors.Join(second, first)); got != want {
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
		want := harness.EndingOf(err)
		for _, b := range nesting[:min(len(nesting), 64)] {
			err = wrappers[int(b)%len(wrappers)].wrap(err)
			if err == nil { // no system call fails with errno 0, and SyscallError knows that
				return
			}
			if got := harness.EndingOf(err); got != want {
				t.Fatalf("%#v is %q, and %q when wrapped", err, want, got)
			}
		}
	})
}
