package audit

import (
	"errors"
	"fmt"
	"slices"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// maxRemote is the last byte behind which toxiproxy can cut exactly. Its reset
// discards what the kernel has not sent, and ten segments, the initial window
// of RFC 6928, section 2, are on their way at once.
const maxRemote = 4096

// remoteMatrix returns the cells of a subject with a [Remote].
func remoteMatrix(s Subject, o Options) ([]point.Cell, error) {
	if err := errors.Join(o.check(), remoteSubject(s, o)); err != nil {
		return nil, err
	}
	if len(o.Cells) > 0 {
		for _, c := range o.Cells {
			if err := errors.Join(c.Check(), remoteCell(c)); err != nil {
				return nil, fmt.Errorf("cell %q: through toxiproxy: %w", c.ID(), err)
			}
		}
		return o.Cells, nil
	}
	operations := o.Operations
	if len(operations) == 0 {
		operations = []point.Operation{point.Read, point.Write}
	}
	var cells []point.Cell
	for _, at := range remoteDefaults() {
		for _, operation := range operations {
			at.Operation = operation
			if o.wants(at) && (len(o.Faults) == 0 || slices.Contains(o.Faults, at.Fault)) {
				cells = append(cells, at)
			}
		}
	}
	if len(cells) == 0 {
		return nil, errors.New("no cell is left: through toxiproxy there are P0/refuse, client@0 and client@1 with rst " +
			"and fin-rst, client@0/stall and server@0/rst, all of them always")
	}
	return cells, nil
}

// remoteDefaults are the cells of each operation.
func remoteDefaults() []point.Cell {
	first, second := point.AtByte(harness.Client, 0), point.AtByte(harness.Client, 1)
	return []point.Cell{
		{Place: refusing, Fault: point.Refuse, Repeat: point.Always},
		{Place: first, Fault: point.RST, Repeat: point.Always}, {Place: first, Fault: point.FINRST, Repeat: point.Always},
		{Place: first, Fault: point.Stall, Repeat: point.Always},
		{Place: second, Fault: point.RST, Repeat: point.Always}, {Place: second, Fault: point.FINRST, Repeat: point.Always},
		{Place: point.AtByte(harness.Server, 0), Fault: point.RST, Repeat: point.Always},
	}
}

// refusing is the place at which nobody listens.
const refusing = "P0"

// remoteSubject says what of a subject toxiproxy has no means for.
func remoteSubject(s Subject, o Options) error {
	switch {
	case s.TLS != nil:
		return errors.New("through toxiproxy there is no bridge for TLS: it would have to run at the server")
	case s.Match != nil || s.Nth > 1:
		return errors.New("toxiproxy does not look into requests: Match and Nth cannot be used")
	case s.Source.IsValid():
		return errors.New("toxiproxy connects to the server: Source cannot be used")
	case o.Recorder != nil || o.Tracer != nil:
		return errors.New("what toxiproxy strikes is not on this machine: Recorder and Tracer cannot be used")
	case o.Parallel > 1:
		return errors.New("through toxiproxy cells are run one after the other")
	case slices.ContainsFunc(o.Repeats, func(r point.Repeat) bool { return r != point.Always }):
		return errors.New(onlyAlways)
	}
	return nil
}

const onlyAlways = "toxiproxy strikes every connection or none: the only repetition is always"

// remoteCell says why toxiproxy cannot do a cell exactly.
func remoteCell(c point.Cell) error {
	toward, n, byByte := point.ParseByte(c.Place)
	switch {
	case c.Repeat != point.Always:
		return errors.New(onlyAlways)
	case c.Fault == point.Refuse && c.Place == refusing:
		return nil
	case c.Fault == point.Refuse:
		return errors.New("an address refuses or not: the place is P0")
	case !byByte:
		return fmt.Errorf("it counts bytes and knows no protocol: places are P0 (refuse) and bytes, such as %s",
			point.AtByte(harness.Client, 1))
	case n > maxRemote:
		return fmt.Errorf("its reset discards what the kernel has not sent: the last place is %s",
			point.AtByte(toward, maxRemote))
	case c.Fault == point.FIN:
		return errors.New("it closes, so what the client sends then gets a RST: that fault is fin-rst")
	case c.Fault == point.HalfClose:
		return errors.New("it has no half-close: a FIN closes both directions")
	case c.Fault == point.Stall && (toward != harness.Client || n > 0):
		return fmt.Errorf("it can stall from the first byte toward the client only: %s", point.AtByte(harness.Client, 0))
	case c.Fault == point.FINRST && toward == harness.Server:
		return errors.New("it closes while the client sends, which gives the client a RST instead of a FIN")
	case !slices.Contains([]point.Fault{point.RST, point.FINRST, point.Stall}, c.Fault):
		return errors.New("it has no such fault: there are rst, fin-rst, stall and refuse")
	}
	return nil
}

// toxicsFor are the toxics of a cell, in the order of their chain. A reset_peer
// of toxicity 0 lets bytes pass and has the connection close with a RST. The
// latency of 0 is a queue: without it the reading link can block for ever
// behind the cut, and would never count what it has received.
func toxicsFor(c point.Cell) []toxiproxy.Toxic {
	toward, n, byByte := point.ParseByte(c.Place)
	if !byByte {
		return nil
	}
	stream := streamTo(toward)
	toxic := func(kind string, toxicity float32, attributes toxiproxy.Attributes) toxiproxy.Toxic {
		return toxiproxy.Toxic{Name: kind, Type: kind, Stream: stream, Toxicity: toxicity, Attributes: attributes}
	}
	if c.Fault == point.Stall {
		return []toxiproxy.Toxic{toxic("timeout", 1, toxiproxy.Attributes{"timeout": 0})}
	}
	cut := []toxiproxy.Toxic{
		toxic("latency", 1, toxiproxy.Attributes{"latency": 0, "jitter": 0}),
		toxic("limit_data", 1, toxiproxy.Attributes{"bytes": n}),
	}
	if c.Fault == point.RST {
		cut = slices.Insert(cut, 0, toxic("reset_peer", 0, toxiproxy.Attributes{"timeout": 0}))
	}
	return cut
}

// streamTo is toxiproxy's word for the direction toward an end.
func streamTo(end harness.End) string {
	if end == harness.Server {
		return "upstream"
	}
	return "downstream"
}
