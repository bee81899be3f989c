package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options say what to watch with. The zero value is the best that the machine
// gives.
type Options struct {
	// Source forces one of the sources; empty: the best one that there is.
	Source string
	// Ring is how many bytes of events the kernel holds until they are read, of
	// the source ebpf: a power of two and at least 4096; 0: 16 MiB.
	Ring int
	// Filter says which resets are wanted; the zero value: all.
	Filter Filter
	// Rate is how many events of a kind are told in a second, of the source ebpf:
	// what is more is counted, and told as one; 0: any number.
	Rate int
	// WithoutOwners leaves out whose sockets they are, and with that what is done
	// at each beginning and end of a connection, of the source ebpf.
	WithoutOwners bool

	withoutReasons, olderKernel bool
}

// An opener opens a source.
type opener struct {
	name string
	open func(Options) (source, error)
}

// Sources are the names of all sources, the best one first.
func Sources() []string { return []string{SourceEBPF, SourceTracefs, SourceCounters} }

// Open begins to watch. Where a better source cannot be used it takes the next
// one, and [Watcher.Lacks] says why.
func Open(o Options) (*Watcher, error) {
	if o.Source != "" && !slices.Contains(Sources(), o.Source) {
		return nil, fmt.Errorf("there is no source %q: it is one of %s", o.Source, strings.Join(Sources(), ", "))
	}
	if o.Ring != 0 && (o.Ring < 4096 || o.Ring&(o.Ring-1) != 0 || o.Ring > 1<<30) {
		return nil, fmt.Errorf("the ring is %d bytes: it is a power of two from 4096 to 1 GiB", o.Ring)
	}
	if o.Rate < 0 {
		return nil, fmt.Errorf("the rate is %d events a second: it is not below 0", o.Rate)
	}
	if err := o.Filter.Check(); err != nil {
		return nil, err
	}
	var lacks []string
	var errs []error
	for _, opener := range []opener{{SourceEBPF, openEBPF}, {SourceTracefs, openTracefs}, {SourceCounters, openCounters}} {
		if o.Source != "" && o.Source != opener.name {
			continue
		}
		source, err := opener.open(o)
		if err == nil {
			return newWatcher(opener.name, source, o, append(lacks, source.lacks()...)), nil
		}
		lacks = append(lacks, opener.name+": "+err.Error())
		errs = append(errs, fmt.Errorf("%s: %w", opener.name, err))
	}
	return nil, errors.Join(errs...)
}
