package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// A count is what one of the kernel's counters tells, when nothing else does.
type count struct {
	kind Kind
	why  string
	// causes count there all; which it was is not told.
	causes []string
}

// counters are those that are told of, by names of the kernel
// (Documentation/networking/snmp_counter.rst) but answered and ended: what others
// leave of OutRsts and of EstabResets.
var counters = map[string]count{
	"TCPAbortOnClose": {Sent, "a program closed, or died, with bytes unread", []string{"unread", "killed", "left-early", "refused-upload"}},
	"TCPAbortOnData": {Sent, "a program closed with SO_LINGER 0, or data came after a close or a shutdown",
		[]string{"linger-zero", "wrote-after-close", "shutdown-then-data", "impatient-finish", "health-check"}},
	"TCPAbortOnLinger": {Sent, "what was closed waited in FIN-WAIT-2 for longer than TCP_LINGER2", nil},
	"TCPAbortOnMemory": {Sent, "too many connections that no process holds, or too little memory", []string{"memory"}},
	answered: {Sent, "a segment came that fits no connection, or one was ended in a way that has no counter",
		[]string{"refused", "restarted", "wrote-after-close", "accept-queue-full", "listener-closed", "disconnected"}},
	"TCPAbortOnTimeout": {Failed, "what was sent, or keepalive, was not answered in time", []string{"gave-up", "keepalive-gave-up"}},
	"AttemptFails": {Failed, "a handshake failed: refused, unreachable, not answered in time or given up",
		[]string{"refused", "gave-up", "firewall-rejects", "accept-queue-full"}},
	ended: {Received, "a connection ended without a FIN of its own, and by nothing that has a counter: mostly a RST that came", nil},
}

const (
	answered = "OutRsts" // without those of TCPAbortOnClose, TCPAbortOnData and TCPAbortOnMemory
	ended    = "EstabResets"
)

// countsOf tells what has come to the counters between two readings. The RST of
// what a program aborts is counted as sent, too, and its connection may be counted
// as ended: so at least what is left over is something else.
func countsOf(before, after map[string]int64, at time.Time) []Event {
	more := map[string]int64{}
	for name := range counters {
		more[name] = max(0, after[name]-before[name])
	}
	aborted := more["TCPAbortOnClose"] + more["TCPAbortOnData"] + more["TCPAbortOnMemory"]
	more[answered] = max(0, more[answered]-aborted)
	more[ended] = max(0, more[ended]-aborted-more["TCPAbortOnTimeout"])
	var events []Event
	for name, times := range more {
		if times > 0 {
			events = append(events, Event{Time: at, Kind: counters[name].kind, Counter: name, Times: times, Idle: -1, Age: -1})
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Counter, b.Counter) })
	return events
}

// diagnoseCount says what a counter tells: how many, and what it may have been.
func diagnoseCount(e Event) Diagnosis {
	c := counters[e.Counter]
	d := Diagnosis{
		Event: e, Why: fmt.Sprintf("%s (the counter %s; of which connection it does not tell)", c.why, e.Counter),
		Level: evidence.AppOnly, Harm: diagnose.HarmUnknown, Lost: "that is not known",
		Settle: "the source ebpf: " + better,
	}
	if len(e.Gone) > 0 {
		d.Why += "; gone meanwhile, and perhaps these: " + strings.Join(e.Gone, ", ")
	}
	if len(c.causes) > 0 {
		d.Cause, d.Or = c.causes[0], slices.Clone(c.causes[1:])
		if cause, found := causes.Find(d.Cause); found {
			d.Shown = cause.Scenario
		}
	}
	return d
}

// better is what the best source takes.
const better = "Linux 5.12 with BTF, as root or with CAP_BPF and CAP_PERFMON, in the machine's own user namespace"
