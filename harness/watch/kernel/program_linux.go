package kernel

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

//go:embed bpf/resets_bpfel.o
var little []byte

//go:embed bpf/resets_bpfeb.o
var big []byte

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
		o.Ring = DefaultRing
	}
	constants := o.Filter.constants()
	constants["has_reason"], constants["rate"] = number(t.reasons != nil), uint32(o.Rate)
	rings(spec, constants, o.Ring)
	places(spec, constants, &o)
	for name, value := range constants {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if !t.errors { // before Linux 5.15
		delete(spec.Programs, "inet_sk_error_report")
	}
	return spec, nil
}

// smallRing is in a cache of each processor that has been sold for years, and holds
// 1,700 records.
const smallRing = 256 << 10

func rings(spec *ebpf.CollectionSpec, constants map[string]any, size int) {
	first, second := min(size, smallRing), size
	if size <= smallRing {
		second = os.Getpagesize() // it is not used
	}
	spec.Maps["events"].MaxEntries, spec.Maps["more_events"].MaxEntries = uint32(first), uint32(second)
	constants["ring_bytes"], constants["two_rings"] = uint32(first), number(size > smallRing)
}

// places leaves no memory to the map that is not used.
func places(spec *ebpf.CollectionSpec, constants map[string]any, o *Options) {
	constants["without_owners"] = number(o.WithoutOwners)
	used, unused := spec.Maps["sockets"], spec.Maps["ends"]
	if o.WithoutOwners {
		used, unused = unused, used
	}
	if o.places != 0 {
		used.MaxEntries, constants["places"] = o.places, o.places
	}
	unused.MaxEntries = 1
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
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
