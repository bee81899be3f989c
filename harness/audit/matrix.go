package audit

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/internal/socket"
)

// Options say which cells are run, and how. The zero value of each field is
// good.
type Options struct {
	// Cells are the cells to run, instead of the matrix that the fields from Only
	// to Operations describe. They may be at bytes: see [point.AtByte].
	Cells []point.Cell
	// Only are patterns of cells, as of path.Match, such as P7/*/once/write; a
	// cell must match one of them. Empty means every cell.
	Only []string
	// Faults are those to strike with. Empty means RST and FIN, and what a place
	// lists where it has faults of its own.
	Faults []point.Fault
	// Repeats are the repetitions. Empty means Once and Always, and Backend if
	// the subject knows of several.
	Repeats []point.Repeat
	// Operations are those to perform. Empty means Read and Write.
	Operations []point.Operation
	// Seed decides the order of the cells. Zero means one drawn at random; the
	// report tells.
	Seed uint64
	// Parallel is how many cells run at once. Zero means 8 a processor.
	Parallel int
	// Shard and Shards leave out all cells but those of the Shard-th of Shards
	// parts, counted from 1. Which part a cell belongs to depends only on its
	// ID. Zero means all.
	Shard, Shards int
	// Within, if positive, is the time after which no more cells are begun: those
	// under way are finished, and what is in doubt is run again. Then the cells that
	// tell most of a client come first: each place is struck once before one is
	// struck again. [verdict.Report] says how many are left out. A sweep has no such
	// order, and ignores it.
	Within time.Duration
	// Limits bound each cell.
	Limits Limits
	// Recorder, if not nil, records what happens on the wire in each cell.
	Recorder Recorder
	// Tracer, if not nil, runs the cells with a bad verdict once more when all are
	// over, or all that were struck where Cells names them, for their clients'
	// system calls: see [verdict.Result].
	Tracer Tracer
	// Progress, if not nil, is called after each cell, never concurrently.
	Progress func(done, total int, last verdict.Result)
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
		if err := cmp.Or(f.Check(), possible(f)); err != nil {
			return err
		}
	}
	for _, r := range o.Repeats {
		if _, err := r.Bound(); err != nil {
			return err
		}
	}
	for _, p := range o.Operations {
		if err := p.Check(); err != nil {
			return err
		}
	}
	switch {
	case o.Within < 0:
		return fmt.Errorf("the time is %v: want a positive one, or 0 for all that it takes", o.Within)
	case o.Parallel < 0:
		return fmt.Errorf("at once run %d cells: allowed are 0 (8 a processor) and more", o.Parallel)
	case o.Shards < 0 || o.Shard < 0 || o.Shard > o.Shards || o.Shards > 0 && o.Shard == 0:
		return fmt.Errorf("shard is %d of %d: want one of 1 to the number of shards", o.Shard, o.Shards)
	}
	return nil
}

// Matrix returns the cells that Run would run, in the order of the
// conversation.
func Matrix(s Subject, o Options) ([]point.Cell, error) {
	if s.Remote != nil {
		return remoteMatrix(s, o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, f := range o.Faults {
		if err := s.inexact(f); err != nil && len(o.Faults) < len(point.Faults()) { // who wants all gets what there is
			return nil, err
		}
	}
	if len(o.Cells) > 0 {
		return o.Cells, checkCells(s, s.protocol().Places(), o.Cells)
	}
	var cells []point.Cell
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
func checkCells(s Subject, places []point.Place, cells []point.Cell) error {
	for _, c := range cells {
		if err := c.Check(); err != nil {
			return fmt.Errorf("cell %q: %w", c.ID(), err)
		}
		if err := errors.Join(possible(c.Fault), checkCell(s, places, c)); err != nil {
			return fmt.Errorf("cell %q: %w", c.ID(), err)
		}
	}
	return nil
}

// possible says why this system cannot give a client a fault.
func possible(f point.Fault) error {
	switch {
	case f == point.Unread && !socket.Lags:
		return fmt.Errorf("%s needs Linux: elsewhere unread data need not make a RST", f)
	case slices.Contains([]point.Fault{point.DataRST, point.ReadRST}, f) && !tellsUnread:
		return fmt.Errorf("%s needs Linux: elsewhere the kernel does not tell what a client has read", f)
	}
	return nil
}

func checkCell(s Subject, places []point.Place, c point.Cell) error {
	if toward, n, byByte := point.ParseByte(c.Place); byByte {
		never := slices.Contains([]point.Fault{point.Refuse, point.GoAway, point.RSTStream, point.Bytes, point.Joined}, c.Fault)
		behind := slices.Contains([]point.Fault{point.DataRST, point.ReadRST}, c.Fault)
		switch {
		case never || (c.Fault == point.HalfClose || behind || c.Fault.Harmless()) && toward == harness.Server:
			return fmt.Errorf("%s cannot strike at a byte toward the %s", c.Fault, toward)
		case behind && n == 0:
			return fmt.Errorf("%s strikes behind data: nothing is before byte 0", c.Fault)
		case behind:
			return s.inexact(c.Fault)
		}
		return nil
	}
	i := slices.IndexFunc(places, func(p point.Place) bool { return p.ID == c.Place })
	if i < 0 {
		return fmt.Errorf("%s has no such place: there are %s, and bytes such as %s", s.Protocol.Name(), ids(places),
			point.AtByte(harness.Client, 17))
	}
	p := places[i]
	if c.Fault == point.RSTStream && s.multiplexed() == nil {
		return fmt.Errorf("%s has no streams of which one can end alone, as %s needs", s.Protocol.Name(), c.Fault)
	}
	if (p.Primed || p.Idle) && !s.Pooled {
		return fmt.Errorf("%s is on a connection that a client keeps, and this one keeps none", p.ID)
	}
	if err := s.inexact(c.Fault); err != nil && behindReply(p) {
		return err
	}
	o := Options{Repeats: []point.Repeat{c.Repeat}, Operations: []point.Operation{c.Operation}}
	if all := possibleAt(p, s); !slices.Contains(cellsOf(p, s, o, all), c) {
		return fmt.Errorf("%s cannot be struck by that: %s fit there", p.ID, point.Words(all))
	}
	return nil
}

func cellsAt(p point.Place, s Subject, o Options) []point.Cell {
	return cellsOf(p, s, o, faultsAt(p, s, o.Faults))
}

// cellsOf returns the cells of these faults at a place.
func cellsOf(p point.Place, s Subject, o Options, faults []point.Fault) (cells []point.Cell) {
	repeats, operations := o.Repeats, o.Operations
	unsaid := len(repeats) == 0
	if unsaid {
		repeats = []point.Repeat{point.Once, point.Always}
		if s.Backends {
			repeats = append(repeats, point.Backend)
		}
	}
	if len(operations) == 0 {
		operations = []point.Operation{point.Read, point.Write}
	}
	for _, fault := range faults {
		for _, repeat := range repeats {
			if !goes(fault, repeat, unsaid) || repeat == point.Backend && !s.Backends || repeat != point.Once && p.Idle {
				continue // an idle connection dies once
			}
			for _, operation := range operations {
				if len(p.Operations) > 0 && !slices.Contains(p.Operations, operation) {
					continue
				}
				cells = append(cells, point.Cell{Place: p.ID, Fault: fault, Repeat: repeat, Operation: operation})
			}
		}
	}
	return cells
}

// possibleAt returns the faults that can strike a subject at a place.
func possibleAt(p point.Place, s Subject) []point.Fault {
	fits := p.Fits
	if len(fits) == 0 {
		fits = []point.Fault{point.RST, point.Unread, point.FIN, point.FINRST, point.Stall, point.StallRST}
		if s.TLS != nil && !s.inHandshake(p.ID) {
			fits = append(fits, point.CloseNote)
		}
		fits = slices.Concat(fits, p.Adds, harmlessAt(p, s))
		if behindReply(p) {
			fits = append(fits, point.DataRST, point.ReadRST)
		}
		if number, _, _ := strings.Cut(p.ID, "."); number == "P11" {
			fits = append(fits, point.HalfClose)
		}
	}
	fits = slices.DeleteFunc(point.Faults(), func(f point.Fault) bool { return !slices.Contains(fits, f) })
	return slices.DeleteFunc(fits, func(f point.Fault) bool {
		return f == point.RSTStream && (s.multiplexed() == nil || p.Idle) || s.inexact(f) != nil
	})
}

// faultsAt returns those that strike a subject at a place if these are wanted; none
// means the default. Where a RST comes behind data that the client should get,
// data-rst and read-rst take the place of rst, if both are to be had: what lies
// between the data and the RST is chance otherwise.
func faultsAt(p point.Place, s Subject, wanted []point.Fault) []point.Fault {
	possible := possibleAt(p, s)
	if len(wanted) == 0 {
		wanted = p.Fits
		if len(p.Fits) == 0 {
			wanted = slices.Concat([]point.Fault{point.RST, point.FIN, point.CloseNote}, p.Adds)
		}
	}
	exact := slices.Contains(possible, point.DataRST) && slices.Contains(wanted, point.RST)
	return slices.DeleteFunc(possible, func(f point.Fault) bool {
		switch {
		case exact && f == point.RST:
			return true
		case exact && slices.Contains([]point.Fault{point.DataRST, point.ReadRST}, f):
			return false
		}
		return !slices.Contains(wanted, f)
	})
}

func (o Options) wants(c point.Cell) bool {
	id := c.ID()
	if o.Shards > 1 {
		hash := fnv.New32a()
		hash.Write([]byte(id))
		if int(hash.Sum32()%uint32(o.Shards)) != o.Shard-1 {
			return false
		}
	}
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(pattern string) bool {
		return point.Matches(pattern, id)
	})
}

func ids(places []point.Place) string {
	var list []point.Place = places
	names := make([]string, 0, len(list))
	for _, p := range list {
		names = append(names, p.ID)
	}
	return point.Words(names)
}
