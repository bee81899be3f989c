package evidence

import (
	"fmt"
	"strings"
	"time"
)

// String describes the segment as "PSH ACK seq 1 ack 1 len 2", without what is
// unknown of it.
func (p *Packet) String() string {
	text := p.Flags
	if !p.Lacks(FieldSeq) {
		text += fmt.Sprintf(" seq %d", p.Seq)
	}
	if p.Has("ACK") && !p.Lacks(FieldAck) {
		text += fmt.Sprintf(" ack %d", p.Ack)
	}
	if p.Len > 0 {
		text += fmt.Sprintf(" len %d", p.Len)
	}
	if p.Dropped {
		text += ", dropped"
	}
	return text
}

// String says what the message says, and of which segment.
func (m *ICMP) String() string {
	text := fmt.Sprintf("ICMP from %s: %s", m.From, m.Message)
	if m.MTU > 0 {
		text += fmt.Sprintf(", at most %d bytes", m.MTU)
	}
	if m.Unknown&FieldSeq == 0 {
		text += fmt.Sprintf(" (seq %d)", m.Seq)
	}
	if m.Astray {
		text += ", about nothing that is under way"
	}
	return text
}

// String describes the event without its time.
func (e *Event) String() string {
	switch {
	case e.Call != nil:
		return fmt.Sprintf("%s #%d %v", e.Host, e.Call.Conn, e.Call.Call)
	case e.Packet != nil:
		return fmt.Sprintf("%s → %s %v", e.Host, e.Packet.To, e.Packet)
	case e.ICMP != nil:
		return fmt.Sprintf("%s is told by %v", e.Host, e.ICMP)
	case e.State != nil:
		return fmt.Sprintf("%s %s → %s", e.Host, e.State.From, e.State.To)
	case e.Trace != nil:
		return strings.TrimSpace(fmt.Sprintf("%s kernel: %s %s", e.Host, e.Trace.Name, e.Trace.Reason))
	case e.Figures != nil:
		return fmt.Sprintf("%s socket: %v", e.Host, e.Figures)
	case e.Bulk != nil:
		return fmt.Sprintf("%s → %s %d segments, %d bytes", e.Host, e.Bulk.To, e.Bulk.Segments, e.Bulk.Bytes)
	}
	return e.Host
}

// String says the figures in a phrase.
func (f *Figures) String() string {
	var parts []string
	add := func(is bool, format string, values ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, values...))
		}
	}
	add(f.State != "", "in %s", f.State)
	add(f.Unread > 0, "%s unread", inBytes(f.Unread))
	add(f.Unacked > 0, "%s not acknowledged", inBytes(f.Unacked))
	add(f.Unsent > 0, "%s not sent", inBytes(f.Unsent))
	add(f.Unread == 0 && f.Unacked == 0 && f.Unsent == 0, "its queues empty")
	add(f.LingerZero, "SO_LINGER 0")
	add(f.Orphan, "no program held it")
	add(f.Unaccepted, "no program had accepted it")
	add(f.QueueMost > 0, "%d in an accept queue for %d", f.Queue, f.QueueMost)
	add(f.Sent > 0 || f.Received > 0, "%s sent and %d received so far", inBytes(f.Sent), f.Received)
	add(f.Age > 0, "%v old", f.Age.Round(time.Microsecond))
	add(f.Idle > 0, "nothing sent for %v", f.Idle.Round(time.Millisecond))
	return strings.Join(parts, ", ")
}

func inBytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// String says who sent the RST, why, and what decided that.
func (r *Reset) String() string {
	who := string(r.Sender)
	for _, part := range []string{r.Host, r.By} {
		if part != "" {
			who += " · " + part
		}
	}
	text := fmt.Sprintf("sent by %s: %s", who, r.Why)
	if r.Reason != "" {
		text = fmt.Sprintf("sent by %s: %s, %s", who, r.Reason, r.Why)
	}
	for _, loss := range r.Lost {
		text += fmt.Sprintf(" · lost: %s wrote %d, delivered %d", loss.From, loss.Written, loss.Delivered)
	}
	return fmt.Sprintf("%s [%s: %s]", text, r.Level, r.Clue)
}

// String tells the whole recording in lines of plain text.
func (r *Recording) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s · %s · %s\n", r.Scenario, r.Level, r.System)
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "  without %s: %s\n", m.Lane, m.Why)
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(&b, "  %s may not have seen all: %s\n", g.Lane, g.Why)
	}
	for i := range r.Events {
		e := &r.Events[i]
		flow := ""
		if len(r.Flows) > 1 && e.Flow >= 0 {
			flow = fmt.Sprintf("flow %d  ", e.Flow)
		}
		fmt.Fprintf(&b, "  %+10.3f ms  %s%v\n", float64(e.At)/float64(time.Millisecond), flow, e)
	}
	for i := range r.Resets {
		fmt.Fprintf(&b, "  RST %v\n", &r.Resets[i])
	}
	for _, delta := range r.Counters {
		noisy := ""
		if delta.Noisy {
			noisy = " (others use the same counters)"
		}
		whose := delta.Host
		if whose != "" {
			whose += ": "
		}
		fmt.Fprintf(&b, "  %s%s %+d%s\n", whose, delta.Name, delta.By, noisy)
	}
	if r.LostPackets > 0 || r.LostEvents > 0 {
		fmt.Fprintf(&b, "  lost: segments %d, events %d\n", r.LostPackets, r.LostEvents)
	}
	return b.String()
}
