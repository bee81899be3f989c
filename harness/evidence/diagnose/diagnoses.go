package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Diagnoses says what the wire alone tells of the connection: one Diagnosis for
// each RST that the connection has had so far, in their order, or else one for
// its end. It goes by segments, whatever other facts there are, and is never
// empty.
func (c *Connection) Diagnoses() []Diagnosis {
	w := c.wire()
	var found []Diagnosis
	for i := range w.segments {
		if w.segments[i].Packet.RST() {
			found = append(found, w.question(i).diagnose())
		}
	}
	if len(found) == 0 {
		found = append(found, w.ending())
	}
	return found
}

// begin makes a diagnosis that leaves everything open.
func (w *wire) begin(end End) Diagnosis {
	d := Diagnosis{End: end, Part: PartUnknown, Sure: Undecided, SureOfCause: Undecided, Lacks: w.lacks}
	d.Sender, d.Level, d.Flow = evidence.Unknown, evidence.Inferred, w.Number
	d.Event, d.At, d.Verdict.Cause = -1, -1, -1
	d.Initiator = EndView{Host: w.Flow.ClientHost, Stack: w.stacks[initiator]}
	d.Responder = EndView{Host: w.Flow.ServerHost, Stack: w.stacks[responder]}
	return d
}

// diagnose asks the table of the wire.
func (q *wireQuestion) diagnose() Diagnosis {
	d := q.begin(EndReset)
	q.d = &d
	number := q.facts[q.rst.fact].number
	d.Event, d.At, d.Names = number, number, q.part(q.x)
	for _, r := range wireRules() {
		if r.fits(q) {
			d.Rules = []string{r.when}
			d.Act, d.Sure, d.Picture = r.act, r.sure(q), r.picture(q)
			break
		}
	}
	q.place()
	if q.challenged() && d.Part != PartBetween {
		d.Picture, d.Rules = picInexact, append(d.Rules, "it was challenged, and the connection went on")
	}
	q.name()
	q.say()
	d.Marks = q.features()
	d.Harm = q.harm()
	q.saw()
	return d
}

// part returns the part that an end is.
func (w *wire) part(end int) Part {
	if end == initiator {
		return PartInitiator
	}
	return PartResponder
}

// place says which part sent the RST, as far as that is at least likely.
func (q *wireQuestion) place() {
	d := q.d
	switch {
	case d.Picture == picForeign || d.Picture == picForeignAlive || d.Picture == picInjected:
		d.Part, d.Sender, d.Act = PartBetween, evidence.Between, q.device()
		d.Origin = q.origin(q.rst.fact)
	case d.Sure == Undecided:
	default:
		d.Part, d.Host = q.part(q.x), q.rst.Host
		d.Sender = senderOf(d.Act)
	}
	if q.answered >= 0 {
		d.Verdict.Cause = q.facts[q.answers().fact].number
	}
}

// senderOf says what kind of thing does an act.
func senderOf(a Act) evidence.Sender {
	switch a {
	case ActAbort, ActUnread:
		return evidence.Application
	case ActTimer:
		return evidence.Timer
	case ActForgot, ActFinished, ActStray, ActReject, ActRefused:
		return evidence.KernelReply
	}
	return evidence.Unknown // an end it was, for a reason that the wire does not tell
}

// device is what a device between did: forge, if the end that it names goes on
// or numbers were guessed; reject, if it only answered. A front end that sends
// RSTs of its own does neither.
func (q *wireQuestion) device() Act {
	d := q.d
	switch {
	case d.Picture == picInjected:
		return ActInject
	case q.answering() && q.fromElsewhere():
		return ActReject
	}
	return ""
}

// name names the causes that have the picture.
func (q *wireQuestion) name() {
	d := q.d
	p := picture(d.Picture)
	causes := p.Causes
	if p.BothEnds != nil && len(q.rst.Packet.Path) > 0 && len(q.origin(q.rst.fact)) > 0 && !q.fromElsewhere() {
		causes = p.BothEnds
	}
	d.Causes = slices.Clone(causes)
	if d.Picture == picSilentAbort && q.multipath() { // what is unread came over another subflow
		d.Causes = append(d.Causes, "unread")
	}
	if d.Sender == evidence.Application && d.Sure == Likely { // a device could imitate it
		d.Causes = append(d.Causes, "firewall-rejects", "forged")
	}
	switch d.Picture {
	case picKeepalive, picReused, picWrongAnswer, picSimultaneous, picSubflow, picChanged, picInjected,
		picPlainToTLS, picFull, picFINAcked, picTimeWait, picNoACK:
		d.SureOfCause = d.Sure
		if d.Sure == Certain && len(d.Causes) > 1 {
			d.SureOfCause = Likely
		}
	case picInexact:
		d.SureOfCause = Likely
	}
	d.Reason = q.reason()
}

// reason is what the kernel of the end would call it, as far as the segments
// leave only one; "" otherwise. Only Linux has such names.
func (q *wireQuestion) reason() string {
	d := q.d
	if told := multipathReason(q.rst.Packet); told != "" {
		return told
	}
	if d.Sure == Undecided || d.Part == PartBetween || !q.is(q.x, Linux) || q.multipath() {
		return ""
	}
	switch d.Picture {
	case picKeepalive:
		return "TCP_KEEPALIVE_TIMEOUT"
	case picProbe, picNoACK, picSilentAbort:
		if q.other.fin < 0 { // behind both FINs the reason is another
			return "TCP_STATE" // nothing was unread
		}
	case picFull:
		return "TCP_ABORT_ON_CLOSE"
	case picReused:
		return "TCP_INVALID_ACK_SEQUENCE"
	case picWrongAnswer:
		if !q.rightStamp() {
			return "TCP_RFC7323_PAWS"
		}
		return "TCP_INVALID_ACK_SEQUENCE"
	}
	return ""
}

// features are the marks of the RST for patterns over many connections.
func (q *wireQuestion) features() Marks {
	m := Marks{UsualTTL: q.usualTTL(), Quiet: q.quiet()}
	if !q.rst.Packet.Lacks(evidence.FieldTTL) {
		m.TTL = q.rst.Packet.TTL
	}
	for i := range q.segments[:q.at] {
		if q.segments[i].Packet.Len > 0 {
			m.Segments++
		}
	}
	if q.answered >= 0 {
		m.Answers, m.Answered = q.answers().Packet.String(), q.rst.At-q.answers().At
	}
	return m
}

// say says in words what was found, what decided it, and what would settle it.
func (q *wireQuestion) say() {
	d := q.d
	d.Why = picture(d.Picture).What
	var clues []string
	if d.Part == PartBetween {
		for _, m := range q.objections() {
			clues = append(clues, m.clue)
		}
		d.Why = "something between the ends sent it in the name of the " + string(d.Names)
		if d.Act == "" {
			d.Why += ", or a front end of it with habits of its own"
		}
	}
	if len(d.Origin) > 0 {
		clues = append(clues, "captures show that it came into being at "+strings.Join(d.Origin, " or on the way to "))
	}
	if len(clues) == 0 {
		clues = append(clues, q.look())
	}
	if aside := q.aside(q.at); aside != "" {
		clues = append(clues, aside)
	}
	d.Clue = strings.Join(clues, "; ")
	d.Settle = q.settlement()
}

// look says how the RST looks, as far as that is known.
func (q *wireQuestion) look() string {
	p := q.rst.Packet
	text := p.Flags
	if !p.Lacks(evidence.FieldWindow) {
		text += fmt.Sprintf(", window %d", p.Window)
	}
	if !p.Lacks(evidence.FieldIPID) && v4(p) {
		text += fmt.Sprintf(", IP id %d", p.IPID)
	}
	if q.rst.shown && q.rst.options.HasTimestamps {
		text += ", timestamps"
	}
	if is, known := q.next(); known && is {
		text += ", the next number of its end"
	} else if q.answered >= 0 && !q.ack() {
		text += ", the number that the segment before it acknowledged"
	}
	return text
}

// settlement says which measurement would settle what is open.
func (q *wireQuestion) settlement() string {
	d, names := q.d, string(q.d.Names)
	switch {
	case d.Part == PartBetween:
		return "captures at both ends, and on both sides of each device between, show where it first appears"
	case d.Sure == Undecided:
		return fmt.Sprintf("a capture at the %s shows whether it left there; if it did, the tracepoint tcp_send_reset there tells why (Linux 6.12 and later)", names)
	case d.SureOfCause == Certain:
		return ""
	case d.Act == ActAbort || d.Act == ActUnread:
		return fmt.Sprintf("the log of the program at the %s, or the tracepoint tcp_send_reset there: TCP_ABORT_ON_CLOSE is a close with bytes unread, TCP_STATE an abort", names)
	}
	return fmt.Sprintf("the tracepoint tcp_send_reset at the %s tells the kernel's reason (Linux 6.12 and later); so does its history: restarts, time-outs, ss", names)
}
