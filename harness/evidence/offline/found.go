package offline

import (
	"fmt"
	"net/netip"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/flows"
)

// diagnose asks the engine.
func (h *history) diagnose() []diagnose.Diagnosis {
	around := &diagnose.Surroundings{Hosts: h.hosts(), Missing: missingLanes(), Elsewhere: true}
	c := diagnose.New(h.flow(), around)
	c.Reused = h.reused
	for i := range h.events {
		c.Add(i, &h.events[i])
	}
	return c.Diagnoses()
}

func (h *history) flow() evidence.Flow {
	return evidence.Flow{Client: endText(h.client), Server: endText(h.server), ClientHost: flows.Client, ServerHost: flows.Server}
}

func (h *history) hosts() []evidence.Host {
	return []evidence.Host{{Name: flows.Client, IP: hostText(h.client)}, {Name: flows.Server, IP: hostText(h.server)}}
}

// endText writes an end as address:port, or as name:port where a printed trace
// names it.
func endText(end netip.AddrPort) string {
	if name := end.Addr().Zone(); name != "" {
		return fmt.Sprintf("%s:%d", name, end.Port())
	}
	return end.String()
}

// hostText is endText without the port.
func hostText(end netip.AddrPort) string {
	if name := end.Addr().Zone(); name != "" {
		return name
	}
	return end.Addr().String()
}

// missingLanes are the lanes that no capture has.
func missingLanes() []evidence.MissingLane {
	const why = "a capture shows the wire alone"
	return []evidence.MissingLane{{Lane: evidence.Kernel, Why: why}, {Lane: evidence.Calls, Why: why}, {Lane: evidence.Counters, Why: why}}
}

// recording makes the connection one that can be drawn.
func (h *history) recording(found []diagnose.Diagnosis) *evidence.Recording {
	r := &evidence.Recording{
		Version: evidence.Version, Scenario: endText(h.client) + " → " + endText(h.server), Started: h.begun,
		System: "from a capture", Level: evidence.Inferred, Missing: missingLanes(), Hosts: h.hosts(),
		Flows: []evidence.Flow{h.flow()}, Events: h.events,
	}
	for i := range found {
		if found[i].Event >= 0 {
			r.Resets = append(r.Resets, found[i].Reset)
		}
	}
	return r
}

// causeTexts returns what there is to say of the causes that a report names.
func causeTexts(r *Report) map[string]CauseText {
	texts := map[string]CauseText{}
	add := func(names []string) {
		for _, name := range names {
			if c, known := causes.Find(name); known {
				texts[name] = CauseText{What: c.What, Why: c.Why, Cure: c.Cure, Scenario: c.Scenario}
			}
		}
	}
	for i := range r.Summary {
		add(r.Summary[i].Causes)
	}
	for i := range r.Found {
		add(r.Found[i].Diagnosis.Causes)
	}
	for i := range r.Unreachable {
		add(r.Unreachable[i].Diagnosis.Causes)
	}
	return texts
}

// inWords writes a diagnosis in the words of the JSON form.
func inWords(d *diagnose.Diagnosis) Diagnosis {
	return Diagnosis{
		End: d.End, Names: d.Names, Part: d.Part, Picture: d.Picture, Act: d.Act, Sure: d.Sure, Why: d.Why, Clue: d.Clue, Causes: d.Causes,
		SureOfCause: d.SureOfCause, Settle: d.Settle, Lacks: d.Lacks,
		Harm: Harm{Level: d.Harm.Level, Why: d.Harm.Why,
			ClientUnacked: d.Harm.Unacked.Initiator, ServerUnacked: d.Harm.Unacked.Responder,
			ClientUnread: d.Harm.Unread.Initiator, ServerUnread: d.Harm.Unread.Responder},
		Client: endInWords(&d.Initiator), Server: endInWords(&d.Responder),
	}
}

func endInWords(v *diagnose.EndView) EndView {
	return EndView{System: v.Stack.System, SystemSure: v.Stack.Sure, SystemClue: v.Stack.Clue,
		Read: v.Saw.Read, Write: v.Saw.Write, SawSure: v.Saw.Sure, SawWhy: v.Saw.Why}
}
