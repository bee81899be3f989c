package record

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/lab"
)

// Options say how to record. The zero value is good.
type Options struct {
	// Lanes are what to record with. Zero means the recorder opens all that
	// the machine gives, which takes tens of milliseconds, and closes them.
	Lanes *capture.Lanes
	// Spec names what is run, for programs that look for its recordings.
	Spec string
	// Loopback is that of the namespace in which the hosts live that have no
	// network of their own. It stays open. Zero means this process's.
	Loopback *capture.Loopback
}

// A Recorder records the run of a lab.
type Recorder struct {
	lab      *lab.Lab
	scenario string
	spec     string
	lanes    *capture.Lanes
	own      bool // the lanes are the recorder's own
	started  time.Time
	missing  []evidence.MissingLane
	wire     *capture.Stream[evidence.Segment]    // nil if it is missing
	kernel   *capture.Stream[capture.KernelEvent] // nil if it is missing
	followed *capture.Addresses                   // of which it tells
	counters map[string]int64
	loopback *capture.Loopback // nil: this process's

	mu    sync.Mutex // guards hosts
	hosts []*hostCapture

	once   sync.Once
	result *evidence.Recording
	err    error
}

// Start begins to record what happens in a lab. scenario says in a sentence
// what that is. It does not fail for want of privilege: a lane that it cannot
// have is named in [evidence.Recording.Missing]. The recording must be stopped.
func Start(l *lab.Lab, scenario string, options Options) (*Recorder, error) {
	if l == nil {
		return nil, errors.New("record: the lab is nil")
	}
	r := &Recorder{lab: l, scenario: scenario, spec: options.Spec, lanes: options.Lanes,
		loopback: options.Loopback, started: time.Now(), followed: &capture.Addresses{}}
	l.EachAddress(r.followed.Add)
	if r.lanes == nil {
		r.lanes, r.own = capture.Open(), true
	}
	r.missing = r.lanes.Missing()
	if r.loopback != nil { // what this process's does not give matters to nobody
		r.missing = slices.DeleteFunc(r.missing, func(m evidence.MissingLane) bool {
			return m.Lane != evidence.Kernel && r.lanes.Asks(m.Lane)
		})
	}
	var err error
	if r.lanes.Has(evidence.Counters) || r.asks(evidence.Counters) {
		r.counters, err = r.readCounters()
		r.miss(evidence.Counters, err)
	}
	if r.lanes.Has(evidence.Kernel) {
		r.kernel, err = r.lanes.KernelEvents(r.followed)
		r.miss(evidence.Kernel, err)
		if reasons, err := r.lanes.Reasons(); len(reasons) == 0 {
			r.miss(evidence.Kernel, err)
		}
	}
	if r.asks(evidence.Wire) {
		r.wire, err = r.loopback.Segments()
		r.miss(evidence.Wire, err)
	} else if r.lanes.Has(evidence.Wire) {
		r.wire, err = r.lanes.Segments(l.IP())
		r.miss(evidence.Wire, err)
	}
	l.EachAdded(r.watch)
	return r, nil
}

// asks says whether a lane was asked for and is that of another namespace.
func (r *Recorder) asks(lane evidence.Lane) bool { return r.loopback != nil && r.lanes.Asks(lane) }

// readCounters reads the counters that the hosts on the loopback share.
func (r *Recorder) readCounters() (map[string]int64, error) {
	if r.loopback != nil {
		return r.loopback.Counters()
	}
	return capture.ReadCounters()
}

// miss notes that a lane is missing, if there is an error that says why.
func (r *Recorder) miss(lane evidence.Lane, err error) {
	if err != nil {
		r.missing = append(r.missing, evidence.MissingLane{Lane: lane, Why: err.Error()})
	}
}

// Stop ends the recording and returns it, analysed. Call it when the ends of
// the run are over; the lab may be closed already. It waits until what was
// sent has been captured. An error says which lane broke. A second Stop
// returns the same.
func (r *Recorder) Stop() (*evidence.Recording, error) {
	r.once.Do(func() {
		if r.result, r.err = r.stop(); r.err != nil {
			r.err = fmt.Errorf("stop recording: %w", r.err)
		}
	})
	return r.result, r.err
}

func (r *Recorder) stop() (*evidence.Recording, error) {
	recording := &evidence.Recording{Version: evidence.Version, Scenario: r.scenario, Spec: r.spec, Started: r.started,
		System: capture.System()}
	g := inputs{started: instantOf(r.started)}
	err := errors.Join(r.stopSources(recording, &g), r.stopCounters(recording))
	if r.own {
		err = errors.Join(err, r.lanes.Close())
	}
	journal := r.lab.Journal()
	g.endpoints, g.entries = r.lab.Endpoints(), journal.Entries()
	recording.Outcomes = journal.Outcomes()
	recording.LostEvents += uint64(journal.Lost())
	g.addPrograms(recording, r.lab.Programs())
	g.fill(recording)
	r.addUnfollowed(recording)
	recording.Missing = append(r.missed(recording), recording.Missing...)
	if private(recording) { // what others counted meanwhile is not of this run
		recording.Counters = slices.DeleteFunc(recording.Counters,
			func(d evidence.CounterDelta) bool { return d.Host == "" })
	}
	recording.Level = level(recording)
	for _, verdict := range diagnose.Recording(recording) {
		recording.Resets = append(recording.Resets, verdict.Reset)
	}
	return recording, err
}

// stopSources ends the capture of the loopback, those of the hosts and the
// kernel's events, in that order: what was sent is on the wire, and noted then.
func (r *Recorder) stopSources(recording *evidence.Recording, g *inputs) (err error) {
	if r.wire != nil {
		segments, status, failed := r.wire.Close()
		err = failed
		g.addSegments(segments)
		recording.LostPackets = status.Lost
		recording.Gaps = append(recording.Gaps, gaps(evidence.Wire, "", status, r.started, time.Time{})...)
	}
	traces, settled, failed := r.takeHosts(recording)
	err = errors.Join(err, failed)
	notWhole := func(g evidence.Gap) bool { return g.Lane == evidence.Wire }
	if recording.LostPackets > 0 || slices.ContainsFunc(recording.Gaps, notWhole) {
		settled = 0
	}
	g.addHostTraces(traces, settled)
	if r.kernel != nil {
		events, status, failed := r.kernel.Close()
		err = errors.Join(err, failed)
		g.traces, recording.LostEvents = events, status.Lost
		recording.Gaps = append(recording.Gaps, gaps(evidence.Kernel, "", status, r.started, g.first())...)
	}
	return err
}

// stopCounters says how far the counters that all hosts share have moved.
func (r *Recorder) stopCounters(recording *evidence.Recording) error {
	if r.counters == nil {
		return nil
	}
	now, err := r.readCounters()
	if err != nil {
		return err
	}
	noisy := r.loopback == nil && !capture.Alone()
	recording.Counters = append(recording.Counters, moved("", r.counters, now, noisy)...)
	return nil
}

// missed leaves out what was missing on the loopback if nothing of the run was
// there: the namespaces of the hosts gave it.
func (r *Recorder) missed(recording *evidence.Recording) []evidence.MissingLane {
	if !private(recording) {
		return r.missing
	}
	return slices.DeleteFunc(r.missing, func(m evidence.MissingLane) bool {
		return (m.Lane == evidence.Wire || m.Lane == evidence.Counters) && r.lanes.Asks(m.Lane)
	})
}

// farHosts finds the hosts that share nothing with this process: where some are
// in namespaces of their own, those that are neither that nor on the loopback.
func farHosts(r *evidence.Recording) map[string]bool {
	far := map[string]bool{}
	if !slices.ContainsFunc(r.Hosts, func(h evidence.Host) bool { return h.Private }) {
		return far
	}
	for _, h := range r.Hosts {
		ip, err := netip.ParseAddr(h.IP)
		far[h.Name] = !h.Private && err == nil && !ip.IsLoopback()
	}
	return far
}

// private says whether nothing of the run was on the loopback.
func private(r *evidence.Recording) bool {
	far := farHosts(r)
	shared := func(h evidence.Host) bool { return !h.Private && !far[h.Name] }
	return len(r.Hosts) > 0 && !slices.ContainsFunc(r.Hosts, shared)
}

// level says what a recording's answers can rest on.
func level(r *evidence.Recording) evidence.Level {
	switch {
	case !r.Lacks(evidence.Kernel):
		return evidence.Observed
	case !r.Lacks(evidence.Wire):
		return evidence.Inferred
	}
	return evidence.AppOnly
}
