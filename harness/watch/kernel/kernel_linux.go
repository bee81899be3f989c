package kernel

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
)

// Options say what to trace.
type Options struct {
	// Ring is how many bytes of records the kernel holds until they are read: a
	// power of two and at least 4096; 0: DefaultRing. Where that is more than a cache
	// holds, a small ring is before it.
	Ring int
	// WithoutOwners leaves out whose sockets they are and since when they are
	// connected, and so what is done whenever a connection begins or ends.
	WithoutOwners bool
	// Rate is how many events of a kind there may be in a second: what is more is
	// only counted; 0: any number.
	Rate int
	// Filter says which events are wanted; the zero value: all.
	Filter Filter
	// WithoutReasons leaves the reasons out, as kernels do that know none.
	WithoutReasons bool

	places uint32 // for sockets; 0: as many as the program says
}

// DefaultRing is the size of the ring unless another is asked for: 110,000 records,
// which the kernel keeps in memory of its own from the beginning.
const DefaultRing = 16 << 20

// A Tracer reads the tracepoints of the whole machine. It may be used by one
// goroutine at a time.
type Tracer struct {
	reasons    []string // by number; nil: the kernel tells none
	errors     bool
	collection *ebpf.Collection
	links      []link.Link
	holders    *link.Iter
	ring, more *ringbuf.Reader
	record     ringbuf.Record
	buffer     []byte
	slots      []slot
	final      Counts
}

// Open loads the program and attaches it. The error says what the machine or
// this process lacks.
func Open(o Options) (*Tracer, error) {
	if err := o.Filter.Check(); err != nil {
		return nil, err
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("read the kernel's types: %w: the kernel must be built with CONFIG_DEBUG_INFO_BTF", err)
	}
	t := &Tracer{}
	if !o.WithoutReasons {
		t.reasons = reasons(kernel)
	}
	t.errors = arguments(kernel, "inet_sk_error_report") > 0
	spec, err := t.spec(o)
	if err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	t.collection, err = ebpf.NewCollection(spec)
	if err != nil {
		return nil, lacking(err)
	}
	if err := t.attach(); err != nil {
		return nil, errors.Join(lacking(err), t.Close())
	}
	return t, nil
}

func (t *Tracer) attach() error {
	for name, program := range t.collection.Programs {
		if name == "holders" {
			continue
		}
		attached, err := link.AttachTracing(link.TracingOptions{Program: program})
		if err != nil {
			return err
		}
		t.links = append(t.links, attached) // one that is not kept is detached by the garbage collector
	}
	var err error
	if t.holders, err = link.AttachIter(link.IterOptions{Program: t.collection.Programs["holders"]}); err != nil {
		return err
	}
	if t.ring, err = ringbuf.NewReader(t.collection.Maps["events"]); err != nil {
		return err
	}
	t.more, err = ringbuf.NewReader(t.collection.Maps["more_events"])
	return err
}

// lacking says what an error of bpf(2) mostly means. The library has its own
// words for EPERM, which speak of RLIMIT_MEMLOCK and mislead.
func lacking(err error) error {
	var refused *ebpf.VerifierError
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("the kernel's verifier refuses the program: %w", refused)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("load the program: %w: it takes CAP_BPF and CAP_PERFMON in the machine's own user namespace", fs.ErrPermission)
	}
	return fmt.Errorf("load the program: %w", err)
}

// Close detaches the program: it is gone with it.
func (t *Tracer) Close() error {
	var errs []error
	for _, ring := range []*ringbuf.Reader{t.ring, t.more} {
		if ring != nil {
			errs = append(errs, ring.Close())
		}
	}
	if t.holders != nil {
		errs = append(errs, t.holders.Close())
	}
	for _, attached := range t.links {
		errs = append(errs, attached.Close())
	}
	if t.collection != nil {
		t.final, _ = t.Counts() // it cannot fail: its memory is mapped
		t.collection.Close()
		t.collection = nil // the memory is mapped as long as anybody could ask for it
	}
	t.ring, t.more, t.holders, t.links = nil, nil, nil, nil
	return errors.Join(errs...)
}
