package report

import (
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// say tells a step in sentences.
func (t *timeline) say(s *step) string {
	if s.omitted > 0 {
		return plural(int64(s.omitted), "step") + " left out here; the recording has them."
	}
	var calls, states []string
	for _, n := range s.notes {
		host := t.hosts[n.host].Name
		switch {
		case n.kind == aState:
			states = append(states, fmt.Sprintf("The %s’s socket goes from %s.", host, n.way(" to ")))
		case n.kind == aSaid:
			calls = append(calls, fmt.Sprintf("At the %s: %s", host, n.text))
		case n.kind == aTrace:
			states = append(states, fmt.Sprintf("The %s’s kernel: %s.", host, n.text))
		case n.call != nil:
			calls = append(calls, sayCall(host, n))
		default:
			calls = append(calls, fmt.Sprintf("The %s: %s.", host, n.text))
		}
	}
	if s.segment != nil {
		calls = append(calls, t.saySegment(s))
	}
	text := strings.Join(append(calls, states...), " ")
	if t.several && s.flow >= 0 {
		text = fmt.Sprintf("Connection %d. %s", s.flow+1, text)
	}
	return text
}

// way lists the states that a note goes through.
func (n *note) way(arrow string) string {
	way := n.changes[0].from
	for _, change := range n.changes {
		way += arrow + change.to
	}
	return way
}

func sayCall(host string, n note) string {
	c := n.call
	switch {
	case strings.HasSuffix(n.text, "()"):
		return fmt.Sprintf("The %s calls %s().", host, c.Op)
	case failed(*c) && c.Bytes > 0:
		return fmt.Sprintf("The %s’s %s() takes %s, then ends with %s.",
			host, c.Op, plural(int64(c.Bytes), "byte"), errno(c.Ending))
	case named(c.Ending, c.Error):
		return fmt.Sprintf("The %s’s %s() gives %s.", host, c.Op, c.Error)
	case failed(*c):
		return fmt.Sprintf("The %s’s %s() ends with %s.", host, c.Op, errno(c.Ending))
	case c.Op == tcp.Read:
		return fmt.Sprintf("The %s reads %s.", host, plural(int64(c.Bytes), "byte"))
	case c.Op == tcp.Write:
		return fmt.Sprintf("The %s writes %s.", host, plural(int64(c.Bytes), "byte"))
	case n.begun:
		return fmt.Sprintf("The %s calls %s(), which succeeds.", host, c.Op)
	}
	return fmt.Sprintf("The %s’s %s() returns: success.", host, c.Op)
}

func (t *timeline) saySegment(s *step) string {
	from, to := t.hosts[s.segment.from].Name, t.hosts[s.segment.to].Name
	switch {
	case s.reset != nil && s.reset.Sender == evidence.Between:
		named := t.hosts[s.segment.named].Name
		return fmt.Sprintf("A %s reaches the %s in the name of the %s.", s.segment.labels[0], to, named)
	case s.segment.lost():
		return fmt.Sprintf("The %s sends the %s %s, which comes as far as the %s.", from,
			t.hosts[s.segment.meant].Name, s.segment.labels[0], to)
	case s.segment.packet == nil:
		return fmt.Sprintf("The %s sends the %s %s.", from, to, strings.TrimPrefix(s.segment.labels[0], "… "))
	}
	text := fmt.Sprintf("The %s sends the %s %s.", from, to, s.segment.labels[0])
	if s.reset != nil {
		text += " Why: " + whyText(*s.reset) + "."
	}
	return text
}

// A field is a line of a step's details.
type field struct{ Name, Value string }

// fields lists what is known about a step.
func (t *timeline) fields(s *step) []field {
	var out []field
	add := func(name, format string, args ...any) {
		out = append(out, field{name, fmt.Sprintf(format, args...)})
	}
	if s.omitted > 0 {
		return nil
	}
	add("time", "%s", clock(s.at))
	if f := t.flow(s.flow); f != nil {
		add("connection", "%s → %s", f.Client, f.Server)
	}
	if s.segment != nil {
		out = append(out, t.segmentFields(s)...)
	}
	for _, n := range s.notes {
		host := t.hosts[n.host].Name
		switch {
		case n.kind == aState:
			add(host, "%s", n.way(" → "))
		case n.call != nil && !(n.begun && strings.HasSuffix(n.text, "()")):
			add(host, "%s, after %s", n.text, span(n.call.Duration))
			if n.call.Error != "" {
				add("error", "%s", n.call.Error)
			}
		default:
			add(host, "%s", n.text)
		}
	}
	return out
}

// segmentFields lists a segment's header fields and, for a RST, the verdict.
func (t *timeline) segmentFields(s *step) []field {
	seg := s.segment
	out := []field{{"segment", t.hosts[seg.from].Name + " → " + t.hosts[seg.to].Name}}
	p := seg.packet
	if p == nil {
		return append(out, field{"folded", strings.TrimPrefix(seg.labels[0], "… ")})
	}
	out = append(out, field{"flags", p.Flags})
	for _, f := range []struct {
		of   evidence.Fields
		text field
	}{
		{evidence.FieldSeq, field{"seq", fmt.Sprintf("%d, relative", p.Seq)}},
		{evidence.FieldAck, field{"ack", fmt.Sprintf("%d, relative", p.Ack)}},
		{evidence.FieldLen, field{"payload", plural(int64(p.Len), "byte")}},
		{evidence.FieldWindow, field{"window", fmt.Sprintf("%d, not scaled", p.Window)}},
		{evidence.FieldTTL, field{"TTL", fmt.Sprint(p.TTL)}},
		{evidence.FieldIPID, field{"IP id", fmt.Sprintf("%d", p.IPID)}},
		{evidence.FieldLen, field{"length", plural(int64(p.Length), "byte")}},
	} {
		if !p.Lacks(f.of) && (f.of != evidence.FieldAck || has(p, "ACK")) {
			out = append(out, f.text)
		}
	}
	if v := s.reset; v != nil {
		out = append(out, field{"sent by", senderText(*v)}, field{"why", whyText(*v)})
		if v.Clue != "" {
			out = append(out, field{"clue", v.Clue})
		}
	}
	return out
}
