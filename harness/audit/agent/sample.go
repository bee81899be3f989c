package agent

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// sampled is an origin that does not know what it sends, with what two reads
// without a fault have returned. The reads may differ in the ids of their calls.
type sampled struct {
	audit.Origin
	body   []byte
	id     string
	shapes map[string]bool // in which the read returned the same
}

// Reply is the sample, with the id of the call.
func (s sampled) Reply(c audit.Call) []byte {
	if known := s.Origin.Reply(c); known != nil {
		return known
	}
	if c.Operation != point.Read || !s.shapes[c.Shape] {
		return nil
	}
	return s.as(c.ID)
}

// Sampled says that the server may send something else.
func (s sampled) Sampled(c audit.Call) bool { return s.Origin.Reply(c) == nil }

func (s sampled) as(id string) []byte {
	return append([]byte{}, bytes.ReplaceAll(s.body, []byte(s.id), []byte(id))...)
}

// sample performs two reads, if nobody knows what they return, and remembers
// that if it is the same each time, and in which other shapes.
func (c Command) sample(
	s audit.Subject, operations []point.Operation, inShapes []audit.Rehearsal,
	rehearse func(audit.Subject, point.Operation) (audit.Rehearsal, error),
) (audit.Origin, error) {
	if _, ours := s.Origin.(interface {
		Forget(netip.Addr, ...audit.Call)
	}); ours || !slices.Contains(operations, point.Read) {
		return s.Origin, nil
	}
	var both [2]audit.Rehearsal
	for i := range both {
		r, err := rehearse(s, point.Read)
		if err != nil {
			return nil, err
		}
		if !answered(r) || s.Origin.Reply(r.Call) != nil {
			return s.Origin, nil
		}
		both[i] = r
	}
	found := sampled{s.Origin, both[0].Answer.Body, both[0].Call.ID, map[string]bool{"": true}}
	if !bytes.Equal(found.as(both[1].Call.ID), both[1].Answer.Body) {
		return s.Origin, nil
	}
	found.inShapes(inShapes)
	return found, nil
}

// inShapes adds the shapes in which a read returned the same.
func (s sampled) inShapes(rehearsals []audit.Rehearsal) {
	for _, r := range rehearsals {
		if r.Call.Operation == point.Read && answered(r) && bytes.Equal(s.as(r.Call.ID), r.Answer.Body) {
			s.shapes[r.Call.Shape] = true
		}
	}
}

// answered says whether a rehearsal returned data.
func answered(r audit.Rehearsal) bool {
	return r.Returned && r.Answer.Err == nil && !r.Answer.Unimplemented && r.Answer.Body != nil
}
