package diagnose

import "github.com/resetlab/resetlab/harness/evidence"

// Diagnoses says what the wire alone tells of the connection: one Diagnosis for
// each RST that the connection has had so far, in their order, or else one for
// its end. It goes by segments, whatever other facts there are, and is never
// empty.
func (c *Connection) Diagnoses() []Diagnosis {
	var found []Diagnosis
	for i, f := range c.facts {
		if sendsRST(f.Event) {
			found = append(found, c.open(i, EndReset))
		}
	}
	if len(found) == 0 {
		found = append(found, c.open(-1, EndOpen))
	}
	return found
}

// open is a diagnosis that leaves everything open. at is the place of the RST
// among the facts; -1: there is none.
func (c *Connection) open(at int, end End) Diagnosis {
	d := Diagnosis{End: end, Part: PartUnknown, Sure: Open, SureOfCause: Open, Harm: Harm{Level: HarmUnknown}}
	d.Sender, d.Level, d.Flow = evidence.Unknown, evidence.Inferred, c.Number
	d.Event, d.At, d.Verdict.Cause = -1, -1, -1
	if at >= 0 {
		d.Event, d.At = c.facts[at].number, c.facts[at].number
	}
	d.Initiator = EndView{Host: c.Flow.ClientHost, Stack: Stack{System: UnknownSystem, Sure: Open}}
	d.Responder = EndView{Host: c.Flow.ServerHost, Stack: Stack{System: UnknownSystem, Sure: Open}}
	return d
}
