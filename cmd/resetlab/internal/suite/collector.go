package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A collector picks up the recordings that a round leaves in a directory. It
// has none if nothing is recorded.
type collector struct {
	directory string
	seen      map[string]bool
	waiting   []*evidence.Recording // for their specs to have ended
}

// collect returns the recordings of a spec that has ended. Others may be there
// already: the round goes on meanwhile.
func (c *collector) collect(spec string) ([]*evidence.Recording, error) {
	paths, err := filepath.Glob(filepath.Join(c.directory, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("collect the recordings: %w", err)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if c.seen[path] {
			continue
		}
		c.seen[path] = true
		r, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("collect the recordings: %w", err)
		}
		c.waiting = append(c.waiting, r)
	}
	var its, others []*evidence.Recording
	for _, r := range c.waiting {
		if r.Spec == spec {
			its = append(its, r)
		} else {
			others = append(others, r)
		}
	}
	c.waiting = others
	return its, nil
}

func read(path string) (*evidence.Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return evidence.Read(file)
}
