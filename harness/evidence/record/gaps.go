package record

import (
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// gaps returns the times for which nothing follows from what a source, at a host
// or none, does not show: its own gaps, and what lies before its beginning if
// something had happened by then. first is when that was; zero: it does not
// matter.
func gaps(lane evidence.Lane, host string, status capture.Status, started, first time.Time) []evidence.Gap {
	var all []evidence.Gap
	add := func(from, to time.Time, lost uint64, why string) {
		if host != "" {
			why = host + ": " + why
		}
		all = append(all, evidence.Gap{Lane: lane, From: max(0, from.Sub(started)), To: max(0, to.Sub(started)),
			Lost: lost, Why: why})
	}
	if !first.IsZero() && first.Before(status.Began) {
		add(started, status.Began, 0, "it began later")
	}
	for _, gap := range status.Gaps {
		add(gap.From, gap.To, gap.Lost, gap.Why)
	}
	return all
}

// addUnfollowed says of which connections the kernel's events were not kept: those
// of which neither end was known to be the lab's before something happened there.
func (r *Recorder) addUnfollowed(recording *evidence.Recording) {
	if r.kernel == nil {
		return
	}
	for i := range recording.Flows {
		f := &recording.Flows[i]
		if !r.follows(f.Client) && !r.follows(f.Server) {
			recording.Gaps = append(recording.Gaps, evidence.Gap{Lane: evidence.Kernel, To: time.Since(r.started),
				Why: "neither end of " + f.Client + " and " + f.Server + " was known to be the lab's in time"})
		}
	}
}

// follows says whether the kernel's events of an end are kept.
func (r *Recorder) follows(end string) bool {
	address, err := netip.ParseAddrPort(end)
	return err == nil && r.followed.Has(address.Addr())
}

// first returns when the first segment was seen, zero if none was.
func (g *inputs) first() (first time.Time) {
	for i := range g.segments {
		if at := time.Unix(0, int64(g.segments[i].at)); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
