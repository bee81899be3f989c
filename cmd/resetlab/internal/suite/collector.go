package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A collector picks up the recordings that a round leaves in a directory. The
// specs run one after the other: what is new when a spec has ended is its.
type collector struct {
	directory string
	seen      map[string]bool
}

// collect reads the recordings that were not there the last time.
func (c *collector) collect() ([]*evidence.Recording, error) {
	paths, err := filepath.Glob(filepath.Join(c.directory, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("collect the recordings: %w", err)
	}
	slices.Sort(paths)
	var fresh []*evidence.Recording
	for _, path := range paths {
		if c.seen[path] {
			continue
		}
		c.seen[path] = true
		r, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("collect the recordings: %w", err)
		}
		fresh = append(fresh, r)
	}
	return fresh, nil
}

func read(path string) (*evidence.Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return evidence.Read(file)
}
