package quiz

import (
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A Kind is what a question asks about.
type Kind string

const (
	First    Kind = "first"    // the first call that failed, and how: "read: reset"
	Ending   Kind = "ending"   // the same without the call: "reset"
	Calls    Kind = "calls"    // that call and those behind it: "write: reset, write: broken-pipe"
	Received Kind = "received" // how many bytes read gave: "5"
	Lost     Kind = "lost"     // whether all that the others wrote was read: "something" or "nothing"
	Reason   Kind = "reason"   // the kernel's reason for the RST: "TCP_ABORT_ON_CLOSE"
)

// Undisturbed is observed of a connection on which nothing failed until its
// end closed it.
const Undisturbed = "open"

var kinds = []Kind{First, Ending, Calls, Received, Lost, Reason}

// Observed returns what the recordings of one run say to the question, and the
// one that says it; "" if none does, because a lane is missing or the end was
// never there.
func (q Question) Observed(recordings []*evidence.Recording) (*evidence.Recording, string) {
	for _, r := range recordings {
		if seen := q.observedIn(r); seen != "" {
			return r, seen
		}
	}
	return nil, ""
}

func (q Question) observedIn(r *evidence.Recording) string {
	if q.Observe == Reason {
		for _, reset := range r.Resets {
			if reset.Host == q.At && reset.Reason != "" {
				return reset.Reason
			}
		}
		return ""
	}
	o, ok := outcomeAt(q.At, r.Outcomes)
	if !ok {
		return ""
	}
	switch {
	case q.Observe == Received:
		return fmt.Sprint(o.Received)
	case q.Observe == Lost:
		return lost(o, r.Outcomes)
	case !failed(o):
		return Undisturbed
	case q.Observe == Ending:
		return string(o.Ending)
	case q.Observe == Calls:
		return calls(o)
	}
	return o.First()
}

// outcomeAt returns what the host saw: of the connection that failed there
// first or, if none did, of its first.
func outcomeAt(host string, outcomes []tcp.Outcome) (tcp.Outcome, bool) {
	var found tcp.Outcome
	ok := false
	for _, o := range outcomes {
		if o.Host != host {
			continue
		}
		if failed(o) {
			return o, true
		}
		if !ok {
			found, ok = o, true
		}
	}
	return found, ok
}

// failed says whether a call failed before this end closed the connection.
func failed(o tcp.Outcome) bool {
	return o.Ending != harness.Open && !o.Op.Closes()
}

// calls tells the first call that failed and all behind it but the closing.
func calls(o tcp.Outcome) string {
	var told []string
	for _, call := range o.Calls {
		if len(told) == 0 && call.Ending == harness.Open || call.Op.Closes() {
			continue
		}
		told = append(told, call.String())
	}
	return strings.Join(told, ", ")
}

// lost compares what was read at one end with what was written at the others.
func lost(reader tcp.Outcome, all []tcp.Outcome) string {
	var sent int64
	for _, o := range all {
		if o.Host != reader.Host {
			sent += o.Sent
		}
	}
	if sent > reader.Received {
		return "something"
	}
	return "nothing"
}
