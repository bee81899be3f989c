package diagnose

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/tcp"
)

// goneAfter is how often an end sends again, unanswered, before one may say that
// it is not heard any more.
const goneAfter = 3

// ending diagnoses a connection that had no RST. Nothing is wrong with one that
// ended with FIN, as far as the wire can tell.
func (w *wire) ending() Diagnosis {
	both := w.sides(len(w.segments))
	client, server := both[initiator], both[responder]
	d := w.begin(EndOpen)
	d.Sure = Likely
	way, told := w.noWay(both)
	switch {
	case told && (client.fin < 0 || server.fin < 0):
		w.unreachable(&d, way, both)
	case client.syn >= 0 && server.count == 0 && !w.lacksAny(LacksResponder):
		d.End, d.Why = EndUnanswered, fmt.Sprintf("its SYN was not answered; it was sent %d times", client.count)
		d.Initiator.Saw = Saw{tcp.TimedOut, "", Likely, "a connect that is not answered gives up"}
	case client.again >= goneAfter || server.again >= goneAfter:
		silent := "responder"
		if server.again >= goneAfter {
			silent = "initiator"
		}
		d.End = EndTimedOut
		d.Why = fmt.Sprintf("the %s was not heard any more, although it was sent to again and again", silent)
	case client.probes >= goneAfter && client.last > server.last || server.probes >= goneAfter && server.last > client.last:
		d.End, d.Why = EndTimedOut, "probes were not answered any more"
	case client.fin >= 0 && server.fin >= 0:
		d.End, d.Sure, d.Why = EndFinished, Certain, "a FIN each way ended it"
	case client.fin >= 0:
		d.End, d.Why = EndHalfClosed, "the initiator has sent its FIN, the responder has not"
	case server.fin >= 0:
		d.End, d.Why = EndHalfClosed, "the responder has sent its FIN, the initiator has not"
	default:
		d.Why = "nothing has ended it by the end of the capture"
	}
	if aside := w.aside(len(w.segments)); aside != "" && d.End != EndUnreachable {
		d.Why += "; " + aside
	}
	w.endingOf(&d, way, both)
	return d
}

// endingOf fills in what follows from how the connection ended.
func (w *wire) endingOf(d *Diagnosis, way noWay, both [2]side) {
	if d.End == EndUnanswered || d.End == EndTimedOut || d.End == EndUnreachable {
		p := w.silentPicture(d, way)
		d.Causes, d.Picture = slices.Clone(p.Causes), p.Name
	}
	if d.End == EndUnanswered || d.End == EndTimedOut {
		d.Settle = "a capture at the other end shows whether what was sent arrives there"
	}
	if d.End == EndOpen || d.End == EndHalfClosed {
		d.Lacks = append(d.Lacks[:len(d.Lacks):len(d.Lacks)], LacksTail)
	}
	d.Harm = w.harmless(d.End, both)
	for end, view := range []*EndView{&d.Initiator, &d.Responder} {
		if both[1-end].fin >= 0 && d.End != EndTimedOut && view.Saw.Read == "" {
			view.Saw = Saw{Read: tcp.Finished, Sure: Likely, Why: "the other end's FIN came"}
		}
	}
}

// harmless says what a connection without a RST lost: what was not acknowledged
// when a time-out ended it.
func (w *wire) harmless(end End, both [2]side) Harm {
	h := Harm{Unacked: Bytes{unacked(both[initiator]), unacked(both[responder])}}
	switch {
	case w.lossy() || end == EndOpen || end == EndHalfClosed:
		h.Level, h.Why = HarmUnknown, "the capture does not show the end"
	case (end == EndTimedOut || end == EndUnreachable) && h.Unacked != (Bytes{}):
		h.Level, h.Why = HarmCertain, "what was sent again and again was never acknowledged"
	default:
		h.Level, h.Why = Harmless, "nothing was left unacknowledged"
	}
	if end == EndFinished && h.Unacked != (Bytes{}) {
		h.Level, h.Why = HarmUnknown, "the capture does not show that the last bytes were acknowledged"
	}
	return h
}

// unacked returns how many bytes of an end were never acknowledged. SYN and FIN
// are none.
func unacked(e side) int64 {
	if !e.numbered || !e.heard || !behind(e.next, e.acked) {
		return 0
	}
	n := int64(e.next - e.acked)
	if e.fin >= 0 {
		n--
	}
	if e.data < 0 {
		n = 0
	}
	return n
}

func (w *wire) lacksAny(lack Lack) bool {
	for _, l := range w.lacks {
		if l == lack {
			return true
		}
	}
	return false
}
