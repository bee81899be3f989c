package isolation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// A share is how many of how many are right.
type share struct{ right, of int }

func (s *share) add(right bool) {
	s.of++
	if right {
		s.right++
	}
}

func (s share) String() string {
	return fmt.Sprintf("%d of %d (%.1f %%)", s.right, s.of, 100*float64(s.right)/float64(max(1, s.of)))
}

// least says whether at least that share is right.
func (s share) least(percent int) bool { return s.right*100 >= s.of*percent }

// A watchTally holds what watch says of the scenarios' resets against what they
// know themselves: the reasons that their matchers want and that follow from
// their calls, the process that made these calls, how much was not read by them,
// and the cause that the scenario is registered with.
type watchTally struct {
	*testing.T
	watched *watched
	wanted  map[string][]wanted
	table   signatures

	found, reason, process, unread, cause share
	same                                  int // reasons that only the same tracepoint confirms
	ofRun                                 int // processes that the journal confirms, too
	received, failed                      share
	between, unheard                      int // that no kernel sent, that no connection of a program got
	wrong                                 int // named without a doubt, and wrong
}

// miss tells what is not right.
func (c *watchTally) miss(what string, right bool, r *evidence.Recording, format string, args ...any) {
	c.Helper()
	if !right {
		c.Logf("%s: %s: %s", what, r.Spec, fmt.Sprintf(format, args...))
	}
}

// run compares all recordings of one run, whose specs ran in the process pid.
func (c *watchTally) run(recordings []*evidence.Recording, pid int) {
	for _, r := range recordings {
		for i := range r.Resets {
			c.compare(r, &r.Resets[i], pid)
		}
		for i := range r.Outcomes {
			c.compareError(r, &r.Outcomes[i])
		}
	}
}

// compare compares one reset with what was watched.
func (c *watchTally) compare(r *evidence.Recording, reset *evidence.Reset, pid int) {
	switch {
	case reset.Event < 0 || reset.Sender == evidence.Unknown:
		return
	case reset.Sender == evidence.Between:
		c.between++
		c.compareReceived(r, reset)
		return
	}
	d := c.watched.nearest(r, reset)
	c.found.add(d != nil)
	c.miss("not watched", d != nil, r, "%v", reset)
	if d == nil {
		return
	}
	if d.Peer == nil {
		c.unheard++
	}
	c.compareReason(r, reset, d)
	c.compareProcess(r, reset, d, pid)
	c.compareUnread(r, reset, d)
	if slices.ContainsFunc(r.Hosts, func(h evidence.Host) bool { return h.Name == reset.Host && h.Proxy }) {
		c.cause.add(d.Cause == "linger-zero") // so this project's proxy passes a reset on, whatever the scenario's cause
		return
	}
	c.compareCause(r, reset, d)
}

// compareReason holds the reason against the specs' matchers, else against the
// calls, else against the recording's, which is of the same tracepoint.
func (c *watchTally) compareReason(r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis) {
	situation, _, _ := strings.Cut(r.Spec, "/")
	var known []string
	for _, w := range c.wanted[situation] {
		if w.sender == string(reset.Sender) && w.host == reset.Host {
			known = append(known, w.reason)
		}
	}
	if len(known) == 0 || !slices.Contains(known, reset.Reason) { // others than the specs are about
		known = reasonsByCalls(r, reset)
	}
	if len(known) == 0 {
		c.same++
		known = []string{reset.Reason}
	}
	right := slices.Contains(known, string(d.Reason)) && string(d.Reason) == reset.Reason
	c.reason.add(right)
	c.miss("reason", right, r, "watched %s, the spec knows %v, recorded %s", d.Reason, known, reset.Reason)
}

// compareProcess holds the owner against who made the call that sent the RST:
// the process of the run, which has it in its journal. Of the calls of its
// children it knows no more than the recording does.
func (c *watchTally) compareProcess(r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis, pid int) {
	process, _, _ := strings.Cut(reset.By, " ")
	if reset.Sender != evidence.Application || process == "" {
		return
	}
	who := d.Owner.Process
	if d.Cause == "destroyed" { // by another one than its owner
		who = d.AtHand
	}
	ofRun := lastCall(r, reset) != "" && who.PID == pid
	if ofRun {
		c.ofRun++
	}
	byKernel := who.PID == 0 && strings.HasPrefix(process, "kworker/") // nobody's, and watch names nobody
	right := ofRun || who.String() == process || byKernel              // a recording may have a thread that is gone
	c.process.add(right)
	c.miss("process", right, r, "watched %v (%s), recorded %s", d.Owner, d.Owner.How, process)
	if !right && d.Owner.Sure() {
		c.wrong++
	}
}

// compareUnread holds the unread bytes against what the one end wrote and the
// other one read, where that is all.
func (c *watchTally) compareUnread(r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis) {
	if d.Reason != "TCP_ABORT_ON_CLOSE" || len(reset.Lost) != 1 || len(r.Flows) != 1 || reset.Lost[0].From == reset.Host {
		return
	}
	lost := reset.Lost[0].Written - reset.Lost[0].Delivered
	right := d.Unread > 0 && d.Unread <= lost
	c.unread.add(right)
	c.miss("unread", right, r, "watched %d, of %d lost", d.Unread, lost)
}

// registered says which of the causes, by name or group, a spec is about.
func registered(spec catalogue.Spec) func(cause string) bool {
	return func(name string) bool {
		cause, _ := causes.Find(name)
		return slices.Contains(spec.Labels, "cause:"+name) || slices.Contains(spec.Labels, "cause:"+cause.Group)
	}
}

// compareCause holds the causes against those that the scenario is registered
// with, and against the calls.
func (c *watchTally) compareCause(r *evidence.Recording, reset *evidence.Reset, d *watch.Diagnosis) {
	spec, ok := catalogue.FindSpec(r.Spec)
	if !ok {
		return
	}
	about := slices.ContainsFunc(append([]string{d.Cause}, d.Or...), registered(spec))
	right := about || byCalls(r, reset, d.Cause)
	c.cause.add(right)
	c.table.add(signatureOf(d), says(d), r.Spec, about)
	c.miss("cause", right, r, "%v: watched %s or %v: %v", spec.Labels, d.Cause, d.Or, &d.Event)
	if !right && d.Sure() {
		c.wrong++
		c.Logf("CERTAIN, and wrong")
	}
}

// compareReceived holds the causes of a RST that no kernel sent against the
// scenario's, and against what its program saw. Mostly it hit no connection of a
// program. What a script sent in the name of a peer is an abort of that peer.
func (c *watchTally) compareReceived(r *evidence.Recording, reset *evidence.Reset) {
	spec, ok := catalogue.FindSpec(r.Spec)
	d := c.watched.receivedOf(r, reset)
	if !ok || d == nil {
		return
	}
	scripted := slices.Contains(spec.Labels, "needs:root")
	refused := slices.ContainsFunc(r.Outcomes, func(o tcp.Outcome) bool { return o.Ending == tcp.Refused })
	right := slices.ContainsFunc(append([]string{d.Cause}, d.Or...), func(cause string) bool {
		return registered(spec)(cause) || cause == "refused" && refused || cause == "linger-zero" && scripted
	})
	c.received.add(right)
	c.table.add(signatureOf(d), says(d), r.Spec, false)
	c.miss("received", right, r, "%v: watched %s or %v: %v", spec.Labels, d.Cause, d.Or, &d.Event)
	if !right && d.Sure() {
		c.wrong++
	}
}

// compareError looks for the errors that calls got and that no RST brought. Where
// the end had one sent itself, that is what is watched.
func (c *watchTally) compareError(r *evidence.Recording, o *tcp.Outcome) {
	errnos := map[tcp.Ending][]string{
		tcp.TimedOut: {"ETIMEDOUT"}, tcp.Unreachable: {"EHOSTUNREACH", "ENETUNREACH"}, tcp.Aborted: {"ECONNABORTED"},
	}[o.Ending]
	if errnos == nil || o.Local == "" || o.At.IsZero() {
		return
	}
	key := ends{plain(o.Local), plain(o.Remote)}
	d := latest(c.watched.failed[key], r.Started, o.At)
	right := d != nil && slices.Contains(errnos, d.Error) || d == nil && latest(c.watched.sent[key], r.Started, o.At) != nil
	c.failed.add(right)
	c.miss("error", right, r, "%s at %s %s: watched %v", o.First(), o.Host, o.Local, d)
	if d != nil {
		c.table.add(signatureOf(d), says(d), r.Spec, false)
	}
}

// judge prints the figures, and fails where they are too low. Where the ring lost
// events, what was not found may be among them.
func (c *watchTally) judge() {
	c.Helper()
	seen, lost := c.watched.watcher.Counts()
	c.Logf("%d events, %d lost", seen, lost)
	c.Logf("found %v; reason %v, of which %d by the same tracepoint alone; process %v, of which %d by the journal, too; unread %v; cause %v; %d wrong without a doubt",
		c.found, c.reason, c.same, c.process, c.ofRun, c.unread, c.cause, c.wrong)
	c.Logf("%d that no kernel sent, those that were received: cause %v; %d that ended no connection of a program; errors without a RST %v",
		c.between, c.received, c.unheard, c.failed)
	switch {
	case c.found.of == 0:
		c.Error("there was nothing to compare: this proves nothing")
	case lost > 0:
		c.Skipf("%d events are lost, and what was compared says nothing", lost)
	case !c.found.least(99), !c.reason.least(99), !c.process.least(99), !c.unread.least(99), !c.failed.least(99):
		c.Error("less than 99 in 100 are right")
	case c.wrong > 0:
		c.Errorf("%d are named without a doubt, and are others", c.wrong)
	case !c.cause.least(95), !c.received.least(95):
		c.Error("less than 95 in 100 causes are right")
	}
}
