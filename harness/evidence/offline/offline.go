package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/flows"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// An Input is a capture file or a printed trace; which one it is, and in what
// format, its content tells.
type Input struct {
	Name   string // by which the report calls it
	Reader io.Reader
}

// Options say how captures are diagnosed. The zero value is good.
type Options struct {
	// Most is how many connections with a RST are listed one by one; 0: 1,000.
	// The others are counted, and are in the summary and the patterns.
	Most int
	// Cards is how many of them have a recording to draw; 0: 20. Those come
	// first whose cause has the fewest yet.
	Cards int
	// Only chooses connections by their ends; nil: all. The others are passed
	// over as if the capture did not have them.
	Only func(client, server string) bool
	// Limits bound the memory.
	Limits flows.Limits
}

// Diagnose diagnoses every connection of several inputs, those that were taken
// at both ends of a connection, or on both sides of a NAT, together. What can be
// read of an input is diagnosed also where the rest cannot: see InputReport. The
// error is ctx's or, if nothing can be read of any input, says why.
func Diagnose(ctx context.Context, o Options, inputs ...Input) (*Report, error) {
	g := newGathering(o, len(inputs) > 1)
	var failed error
	for i, input := range inputs {
		err := g.read(ctx, i, input)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if failed != nil && g.report.Segments == 0 {
		return nil, failed
	}
	return g.finish(), nil
}

// read reads one input. An error says that nothing of it could be read.
func (g *gathering) read(ctx context.Context, number int, input Input) error {
	g.report.Inputs = append(g.report.Inputs, InputReport{Name: input.Name})
	about := &g.report.Inputs[number]
	from, kind, err := open(input.Reader)
	about.Kind = kind
	if err != nil {
		about.Error = err.Error()
		return named(input.Name, err)
	}
	g.input = number
	tracker := flows.New(g.options.Limits, g.add)
	err = g.follow(ctx, from, tracker, about)
	tracker.Close()
	about.Repeated, about.Forced, about.Omissions = tracker.Repeated, tracker.Forced, from.Omissions()
	g.report.Segments += about.Segments
	if err != nil {
		about.Error = err.Error()
		return named(input.Name, err)
	}
	return nil
}

// named says in an error of which input it is.
func named(input string, err error) error {
	if input == "" {
		return err
	}
	return fmt.Errorf("%s: %w", input, err)
}

// follow hands the segments of an input to the tracker.
func (g *gathering) follow(ctx context.Context, from source, tracker *flows.Tracker, about *InputReport) error {
	const often = 1 << 14 // segments between two looks at ctx
	next := nextOf(from, tracker, about)
	from.OnICMP(func(e *packets.ICMPError) {
		if about.ICMP++; !tracker.AddICMP(e) {
			about.ICMPAstray++
		}
	})
	for {
		err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if about.Segments%often == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// nextOf returns what hands the next segment of an input to the tracker, not
// decoded where the input has it so.
func nextOf(from source, tracker *flows.Tracker, about *InputReport) func() error {
	file, is := from.(*savefile.Reader)
	if !is {
		return func() error {
			segment, err := from.Next()
			if err == nil {
				about.enter(segment.At, len(segment.Packet.Data), segment.Packet.Length)
				tracker.Add(&segment)
			}
			return err
		}
	}
	raw := &packets.RawSegment{}
	return func() error {
		err := file.NextRaw(raw)
		if err == nil {
			about.enter(raw.At, len(raw.Data), raw.Length)
			tracker.AddRaw(raw)
		}
		return err
	}
}

// enter counts a segment, of which some bytes were captured; 0: none is there.
func (r *InputReport) enter(at time.Time, captured, length int) {
	r.Segments++
	if captured > 0 && captured < length {
		r.Cut++
	}
	if r.From.IsZero() {
		r.From, r.To = at, at
	}
	switch {
	case at.After(r.To):
		r.To = at
	case r.To.Sub(at) > backwards:
		r.Backwards++
	}
}

// backwards is how much earlier than the one before a segment may be stamped:
// processors and interfaces are a little apart.
const backwards = time.Second
