package cli

import (
	"fmt"
	"io"
	"os"
)

// An output is a file that will be written when all is done. It is opened
// before anything is run, so that a path that cannot be written is known then,
// and its old content stays until there is new.
type output struct {
	file    *os.File
	created bool
}

// reserve opens path for writing later. An empty path gives nil, - standard
// output.
func reserve(path string) (*output, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return &output{file: os.Stdout}, nil
	}
	_, err := os.Stat(path)
	created := os.IsNotExist(err)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, badInput(fmt.Errorf("write the results: %w", err))
	}
	return &output{file, created}, nil
}

// write replaces the content by what fill writes.
func (o *output) write(fill func(io.Writer) error) error {
	if o == nil {
		return nil
	}
	if info, err := o.file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := o.file.Truncate(0); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	o.created = false // it is there to stay
	if err := fill(o.file); err != nil {
		return fmt.Errorf("write %s: %w", o.file.Name(), err)
	}
	return nil
}

// close gives the file back; one that was made here and never written goes.
func (o *output) close() {
	if o == nil {
		return
	}
	if o.file != os.Stdout {
		o.file.Close()
	}
	if o.created {
		os.Remove(o.file.Name())
	}
}
