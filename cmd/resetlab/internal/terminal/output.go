package terminal

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/term"
)

// An Output is a stream whose first failure is remembered, so that nobody who
// writes to it has to look. The zero value cannot be used.
type Output struct {
	file   *os.File
	failed func(error)
	mu     sync.Mutex
	err    error
}

// NewOutput returns an output that writes to file, and calls failed once, with
// the error, when that fails for the first time.
func NewOutput(file *os.File, failed func(error)) *Output {
	return &Output{file: file, failed: failed}
}

// Write writes b. After a failure it writes nothing and returns the same error.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.file.Write(b)
	if err != nil {
		o.err = err
		o.failed(err)
	}
	return n, err
}

// Err returns the first error of writing, nil if there was none.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Fd returns the descriptor of the stream.
func (o *Output) Fd() uintptr { return o.file.Fd() }

// Left says whether an error of writing means that the reader went away, as
// head(1) does, which is no fault of anybody's.
func Left(err error) bool { return errors.Is(err, syscall.EPIPE) }

// Cause returns what the system said of a stream, without the stream's name.
func Cause(err error) error {
	if of := (*os.PathError)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// A descriptor is a stream that the system knows by a number.
type descriptor interface {
	io.Writer
	Fd() uintptr
}

// Is says whether a person is at the other end of a stream.
func Is(stream any) bool {
	d, ok := stream.(descriptor)
	return ok && term.IsTerminal(int(d.Fd()))
}

// Width returns how many columns a terminal has, 0 if stream is none or does
// not tell.
func Width(stream any) int {
	if !Is(stream) {
		return 0
	}
	columns, _, err := term.GetSize(int(stream.(descriptor).Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// Height returns how many lines a terminal has, 0 if stream is none or does not
// tell.
func Height(stream any) int {
	if !Is(stream) {
		return 0
	}
	_, lines, err := term.GetSize(int(stream.(descriptor).Fd()))
	if err != nil {
		return 0
	}
	return lines
}
