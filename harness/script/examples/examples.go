// Package examples has the examples of the notation of harness/script, each a
// script that says what comes of it on Linux.
package examples

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/resetlab/resetlab/harness/script"
)

//go:embed *.try
var files embed.FS

// All returns the examples, in the order of their names.
func All() ([]script.Script, error) {
	names, err := fs.Glob(files, "*.try")
	if err != nil {
		return nil, err
	}
	var all []script.Script
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		some, err := script.Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}
