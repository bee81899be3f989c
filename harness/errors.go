package harness

import "errors"

// ErrBadInput is what every error about a wrong address, option, cut or toxic
// is, by errors.Is: nothing was started or armed.
var ErrBadInput = errors.New("bad input")

// ErrListen is what the error is of a proxy that could not listen, by
// errors.Is; the system's error is behind it, too.
var ErrListen = errors.New("cannot listen")

// A classified error has an error's text and is, by errors.Is, a sentinel too.
type classified struct {
	error
	class error
}

func (e classified) Is(target error) bool { return target == e.class }

// Unwrap returns the error that was classified.
func (e classified) Unwrap() error { return e.error }

func badInput(err error) error { return classified{err, ErrBadInput} }
