package audit

import (
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/internal/socket"
)

// Options say which cells are run, and how. The zero value of each field is
// good.
type Options struct {
	// Cells are the cells to run, instead of the matrix that the fields from Only
	// to Operations describe. They may be at bytes: see [AtByte].
	Cells []Cell
	// Only are patterns of cells, as of path.Match, such as P7/*/once/write; a
	// cell must match one of them. Empty means every cell.
	Only []string
	// Faults are those to strike with. Empty means RST and FIN, and what a place
	// lists where it has faults of its own.
	Faults []Fault
	// Repeats are the repetitions. Empty means Once and Always, and Backend if
	// the subject knows of several.
	Repeats []Repeat
	// Operations are those to perform. Empty means Read and Write.
	Operations []Operation
	// Seed decides the order of the cells. Zero means one drawn at random; the
	// report tells.
	Seed uint64
	// Parallel is how many cells run at once. Zero means 8 a processor.
	Parallel int
	// Shard and Shards leave out all cells but those of the Shard-th of Shards
	// parts, counted from 1. Which part a cell belongs to depends only on its
	// ID. Zero means all.
	Shard, Shards int
	// Limits bound each cell.
	Limits Limits
	// Recorder, if not nil, records what happens on the wire in each cell.
	Recorder Recorder
	// Progress, if not nil, is called after each cell, never concurrently.
	Progress func(done, total int, last Result)
	// Log, if not nil, is told what a result has no room for: stacks.
	Log func(text string)
}

func (o Options) check() error {
	for _, pattern := range o.Only {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if strings.Count(pattern, "/") != 3 {
			return fmt.Errorf("pattern %q: want PLACE/FAULT/REPEAT/OPERATION, each of which may be *", pattern)
		}
	}
	for _, f := range o.Faults {
		if !slices.Contains(Faults(), f) {
			return fmt.Errorf("fault is %q: allowed are %s", f, words(Faults()))
		}
		if err := possible(f); err != nil {
			return err
		}
	}
	for _, r := range o.Repeats {
		if _, err := r.bound(); err != nil {
			return err
		}
	}
	for _, p := range o.Operations {
		if !slices.Contains(Operations(), p) {
			return fmt.Errorf("operation is %q: allowed are %s", p, words(Operations()))
		}
	}
	switch {
	case o.Parallel < 0:
		return fmt.Errorf("at once run %d cells: allowed are 0 (8 a processor) and more", o.Parallel)
	case o.Shards < 0 || o.Shard < 0 || o.Shard > o.Shards || o.Shards > 0 && o.Shard == 0:
		return fmt.Errorf("shard is %d of %d: want one of 1 to the number of shards", o.Shard, o.Shards)
	}
	return nil
}

// Matrix returns the cells that Run would run, in the order of the
// conversation.
func Matrix(s Subject, o Options) ([]Cell, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(o.Cells) > 0 {
		return o.Cells, checkCells(s, s.protocol().Places(), o.Cells)
	}
	var cells []Cell
	places := s.protocol().Places()
	for _, p := range places {
		if (p.Primed || p.Idle) && !s.Pooled {
			continue
		}
		for _, c := range cellsAt(p, s, o) {
			if o.wants(c) {
				cells = append(cells, c)
			}
		}
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("no cell is left: %s has the places %s", s.Protocol.Name(), ids(places))
	}
	return cells, nil
}

// checkCells says which cell cannot be run, and why.
func checkCells(s Subject, places []Place, cells []Cell) error {
	for _, c := range cells {
		if err := c.check(); err != nil {
			return fmt.Errorf("cell %q: %w", c.ID(), err)
		}
		if err := errors.Join(possible(c.Fault), checkCell(s, places, c)); err != nil {
			return fmt.Errorf("cell %q: %w", c.ID(), err)
		}
	}
	return nil
}

// possible says why this system cannot give a client a fault.
func possible(f Fault) error {
	if f == Unread && !socket.Lags {
		return fmt.Errorf("%s needs Linux: elsewhere unread data need not make a RST", f)
	}
	return nil
}

func checkCell(s Subject, places []Place, c Cell) error {
	if toward, _, byByte := parseByte(c.Place); byByte {
		never := slices.Contains([]Fault{Refuse, GoAway, RSTStream}, c.Fault)
		if never || c.Fault == HalfClose && toward == harness.Server {
			return fmt.Errorf("%s cannot strike at a byte toward the %s", c.Fault, toward)
		}
		return nil
	}
	i := slices.IndexFunc(places, func(p Place) bool { return p.ID == c.Place })
	if i < 0 {
		return fmt.Errorf("%s has no such place: there are %s, and bytes such as %s", s.Protocol.Name(), ids(places),
			AtByte(harness.Client, 17))
	}
	p := places[i]
	if c.Fault == RSTStream && s.multiplexed() == nil {
		return fmt.Errorf("%s has no streams of which one can end alone, as %s needs", s.Protocol.Name(), c.Fault)
	}
	if (p.Primed || p.Idle) && !s.Pooled {
		return fmt.Errorf("%s is on a connection that a client keeps, and this one keeps none", p.ID)
	}
	o := Options{Faults: Faults(), Repeats: []Repeat{c.Repeat}, Operations: []Operation{c.Operation}}
	if !slices.Contains(cellsAt(p, s, o), c) {
		return fmt.Errorf("%s cannot be struck by that: %s fit there", p.ID, words(faultsAt(p, s, Faults())))
	}
	return nil
}

func cellsAt(p Place, s Subject, o Options) (cells []Cell) {
	repeats, operations := o.Repeats, o.Operations
	if len(repeats) == 0 {
		repeats = []Repeat{Once, Always}
		if s.Backends {
			repeats = append(repeats, Backend)
		}
	}
	if len(operations) == 0 {
		operations = []Operation{Read, Write}
	}
	for _, fault := range faultsAt(p, s, o.Faults) {
		for _, repeat := range repeats {
			if repeat != Always && fault == Refuse || repeat == Backend && !s.Backends || repeat != Once && p.Idle {
				continue // an address refuses or not; an idle connection dies once
			}
			for _, operation := range operations {
				if len(p.Operations) > 0 && !slices.Contains(p.Operations, operation) {
					continue
				}
				cells = append(cells, Cell{p.ID, fault, repeat, operation})
			}
		}
	}
	return cells
}

// faultsAt returns the wanted faults that can strike a subject at a place.
func faultsAt(p Place, s Subject, wanted []Fault) []Fault {
	fits := p.Fits
	if len(fits) == 0 {
		fits = []Fault{RST, Unread, FIN, FINRST, Stall, StallRST}
		if len(wanted) == 0 {
			fits = []Fault{RST, FIN}
		}
		if p.secured && !p.records {
			fits = append(fits, CloseNote)
		}
		fits = append(fits, p.Adds...)
	}
	return slices.DeleteFunc(slices.Clone(fits), func(f Fault) bool {
		unwanted := len(wanted) > 0 && !slices.Contains(wanted, f)
		return unwanted || f == RSTStream && (s.multiplexed() == nil || p.Idle)
	})
}

func (o Options) wants(c Cell) bool {
	id := c.ID()
	if o.Shards > 1 {
		hash := fnv.New32a()
		hash.Write([]byte(id))
		if int(hash.Sum32()%uint32(o.Shards)) != o.Shard-1 {
			return false
		}
	}
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(pattern string) bool {
		matched, _ := path.Match(pattern, id)
		return matched
	})
}

func ids(places []Place) string {
	var list []Place = places
	names := make([]string, 0, len(list))
	for _, p := range list {
		names = append(names, p.ID)
	}
	return words(names)
}
