package kernel

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
)

//go:embed bpf/resets_bpfel.o
var little []byte

//go:embed bpf/resets_bpfeb.o
var big []byte

// Options say what to trace.
type Options struct {
	// Ring is how many bytes of records the kernel holds until they are read: a
	// power of two and at least 4096; 0: 4 MiB.
	Ring int
	// WithoutOwners leaves out whose sockets they are and since when they are
	// connected, and so what is done whenever a connection begins or ends.
	WithoutOwners bool
	// WithoutReasons leaves the reasons out, as kernels do that know none.
	WithoutReasons bool
}

// A Tracer reads the tracepoints of the whole machine. It may be used by one
// goroutine at a time.
type Tracer struct {
	reasons    []string // by number; nil: the kernel tells none
	errors     bool
	collection *ebpf.Collection
	links      []link.Link
	holders    *link.Iter
	ring       *ringbuf.Reader
	record     ringbuf.Record
	buffer     []byte
}

// Open loads the program and attaches it. The error says what the machine or
// this process lacks.
func Open(o Options) (*Tracer, error) {
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

// spec is the program as it suits this kernel.
func (t *Tracer) spec(o Options) (*ebpf.CollectionSpec, error) {
	object := little
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		object = big
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		return nil, err
	}
	if o.Ring == 0 {
		o.Ring = 4 << 20
	}
	spec.Maps["events"].MaxEntries = uint32(o.Ring)
	for name, value := range map[string]uint32{
		"ring_bytes": uint32(o.Ring), "has_reason": number(t.reasons != nil), "without_owners": number(o.WithoutOwners),
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, err
		}
	}
	if !t.errors { // before Linux 5.15
		delete(spec.Programs, "inet_sk_error_report")
	}
	return spec, nil
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
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
	t.ring, err = ringbuf.NewReader(t.collection.Maps["events"])
	return err
}

// reasons returns the names of enum sk_rst_reason by their numbers; nil if
// tcp_send_reset does not tell reasons, as before Linux 6.10.
func reasons(kernel *btf.Spec) []string {
	var enum *btf.Enum
	if arguments(kernel, "tcp_send_reset") < 3 || kernel.TypeByName("sk_rst_reason", &enum) != nil {
		return nil
	}
	var names []string
	for _, value := range enum.Values {
		for uint64(len(names)) <= value.Value {
			names = append(names, "")
		}
		names[value.Value] = strings.TrimPrefix(value.Name, "SK_RST_REASON_")
	}
	return names
}

// arguments returns how many arguments a tracepoint has; 0: there is none.
func arguments(kernel *btf.Spec, tracepoint string) int {
	var typedef *btf.Typedef
	if kernel.TypeByName("btf_trace_"+tracepoint, &typedef) != nil {
		return 0
	}
	if pointer, ok := typedef.Type.(*btf.Pointer); ok {
		if function, ok := pointer.Target.(*btf.FuncProto); ok {
			return len(function.Params) - 1 // the first one is the tracer's own
		}
	}
	return 0
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

// Reason returns the name of a reason, as "TCP_ABORT_ON_CLOSE", and whether the
// kernel told one.
func (t *Tracer) Reason(r *Record) (name string, told bool) {
	if r.Reason == NoReason || uint64(r.Reason) >= uint64(len(t.reasons)) {
		return "", false
	}
	return t.reasons[r.Reason], true
}

// TellsReasons says whether the kernel tells why a RST was sent (Linux 6.10, and
// of a socket's own RST 6.12).
func (t *Tracer) TellsReasons() bool { return t.reasons != nil }

// TellsErrors says whether it tells of errors without a RST (Linux 5.15).
func (t *Tracer) TellsErrors() bool { return t.errors }

// Read hands over what has been recorded, and waits for that until the
// deadline; then it returns [os.ErrDeadlineExceeded]. While it waits, a ring that
// fills up wakes it, and nothing else does: the deadline says how late records
// come.
func (t *Tracer) Read(deadline time.Time, each func(*Record)) error {
	t.ring.SetDeadline(deadline)
	var r Record
	for {
		if err := t.ring.ReadInto(&t.record); err != nil {
			return err
		}
		if len(t.record.RawSample) >= size {
			r.decode(t.record.RawSample)
			each(&r)
		}
	}
}

// Holders hands over which process holds which TCP socket, of the whole machine.
// Sockets whose owner was not known are that process's from then on.
func (t *Tracer) Holders(each func(*Holder)) error {
	var pass uint32
	if err := t.collection.Variables["pass"].Get(&pass); err != nil {
		return err
	}
	if err := t.collection.Variables["pass"].Set(pass + 1); err != nil {
		return err
	}
	pages, err := t.holders.Open()
	if err != nil {
		return fmt.Errorf("iterate over open files: %w", err)
	}
	defer pages.Close()
	if t.buffer == nil {
		t.buffer = make([]byte, 64<<10)
	}
	var h Holder
	for {
		n, err := pages.Read(t.buffer)
		for at := 0; at+holderSize <= n; at += holderSize { // the kernel hands over whole ones
			h.decode(t.buffer[at:])
			each(&h)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("iterate over open files: %w", err)
		}
	}
}

// Counts returns how many records there were, and how many of them found no
// room in the ring and are lost. It takes no system call, and no privilege.
func (t *Tracer) Counts() (seen, lost uint64, err error) {
	err = errors.Join(t.collection.Variables["seen"].Get(&seen), t.collection.Variables["lost"].Get(&lost))
	return seen, lost, err
}

// Close detaches the program: it is gone with it.
func (t *Tracer) Close() error {
	var errs []error
	if t.ring != nil {
		errs = append(errs, t.ring.Close())
	}
	if t.holders != nil {
		errs = append(errs, t.holders.Close())
	}
	for _, attached := range t.links {
		errs = append(errs, attached.Close())
	}
	t.collection.Close()
	return errors.Join(errs...)
}
