package cli

import (
	"fmt"
	"io"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
)

// toStdout is the file name that means standard output.
const toStdout = "-"

// An output is something that a command leaves, if its flag was given.
type output struct {
	flag string // with its dashes
	path string // empty: not wanted; - is standard output
	fill func(io.Writer) error
}

// outputs are all that a command leaves.
type outputs []output

// check finds out, before anything is run, whether the outputs can be written,
// and that they replace neither one of the files that are read nor what no
// earlier output was. It leaves what is there as it is.
func (all outputs) check(inputs ...string) error {
	by := map[string]string{}
	for _, o := range all {
		if o.path == "" {
			continue
		}
		if other := by[o.path]; other != "" && o.path == toStdout {
			return badInputf("%s and %s: one thing at most goes to standard output", other, o.flag)
		} else if other != "" {
			return badInputf("%s and %s name the same file, %s", other, o.flag, o.path)
		}
		by[o.path] = o.flag
		if o.path == toStdout {
			continue
		}
		if err := atomicfile.Check(o.path); err != nil {
			return badInputf("%s: %w", o.flag, err)
		}
		if err := spare(o.flag, o.path, inputs); err != nil {
			return err
		}
	}
	return nil
}

// wanted says whether there is any.
func (all outputs) wanted() bool {
	for _, o := range all {
		if o.path != "" {
			return true
		}
	}
	return false
}

// toStdout says whether one of them goes to standard output, which then has
// nothing else.
func (all outputs) toStdout() bool {
	for _, o := range all {
		if o.path == toStdout {
			return true
		}
	}
	return false
}

// write writes those that were asked for. A file that is there keeps its old
// content until there is all of the new.
func (all outputs) write(stdout io.Writer) error {
	for _, o := range all {
		var err error
		switch o.path {
		case "":
		case toStdout:
			err = o.fill(stdout)
		default:
			err = atomicfile.Write(o.path, o.fill)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.flag, err)
		}
	}
	return nil
}
