package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// Options say how to record. The zero value is good.
type Options struct {
	// Lanes are what to record with. Zero means the recorder opens all that
	// the machine gives, which takes tens of milliseconds, and closes them.
	Lanes *Lanes
}

// A Recorder records the run of a lab.
type Recorder struct {
	lab      *lab.Lab
	scenario string
	lanes    *Lanes
	own      bool // the lanes are the recorder's own
	started  time.Time
	missing  []MissingLane
	wire     wireTap   // nil if it is missing
	kernel   kernelTap // nil if it is missing
	counters map[string]int64

	mu    sync.Mutex // guards posts
	posts []*post

	once   sync.Once
	result *Recording
	err    error
}

// Start begins to record what happens in a lab. scenario says in a sentence
// what that is. It does not fail for want of privilege: a lane that it cannot
// have is named in [Recording.Missing]. The recording must be stopped.
func Start(l *lab.Lab, scenario string, options Options) (*Recorder, error) {
	if l == nil {
		return nil, errors.New("record: the lab is nil")
	}
	r := &Recorder{lab: l, scenario: scenario, lanes: options.Lanes, started: time.Now()}
	if r.lanes == nil {
		r.lanes, r.own = Open(), true
	}
	r.missing = r.lanes.Missing()
	var err error
	if r.lanes.counters {
		r.counters, err = readCounters()
		r.miss(Counters, err)
	}
	if r.lanes.kernel != nil {
		r.kernel, err = r.lanes.kernel.follow()
		r.miss(Kernel, err)
		if len(r.lanes.kernel.reasons()) == 0 {
			r.miss(Kernel, errors.New(noReasons))
		}
	}
	if r.lanes.wire != nil {
		r.wire, err = r.lanes.wire.follow(l.IP())
		r.miss(Wire, err)
	}
	l.EachAdded(r.watch)
	return r, nil
}

// miss notes that a lane is missing, if there is an error that says why.
func (r *Recorder) miss(lane Lane, err error) {
	if err != nil {
		r.missing = append(r.missing, MissingLane{Lane: lane, Why: err.Error()})
	}
}

// Stop ends the recording and returns it, analysed. Call it when the ends of
// the run are over; the lab may be closed already. It waits until what was
// sent has been captured. An error says which lane broke. A second Stop
// returns the same.
func (r *Recorder) Stop() (*Recording, error) {
	r.once.Do(func() {
		if r.result, r.err = r.stop(); r.err != nil {
			r.err = fmt.Errorf("stop recording: %w", r.err)
		}
	})
	return r.result, r.err
}

func (r *Recorder) stop() (*Recording, error) {
	recording := &Recording{Version: Version, Scenario: r.scenario, Started: r.started, System: system()}
	g := gathered{started: instantOf(r.started)}
	var errs []error
	if r.wire != nil {
		captured, lost, err := r.wire.take()
		errs = append(errs, err)
		g.segments, recording.LostPackets = decode(captured), lost
	}
	views, settled, err := r.takePosts(recording)
	errs = append(errs, err)
	if recording.LostPackets > 0 {
		settled = 0
	}
	g.addViews(views, settled)
	if r.kernel != nil {
		taken, err := r.kernel.take()
		errs = append(errs, err)
		g.traces, recording.LostEvents = taken.traces, taken.lost
		if taken.doubt != nil {
			why := strings.ReplaceAll(taken.doubt.Error(), "\n", "; ")
			recording.Gaps = append(recording.Gaps, Gap{Lane: Kernel, To: time.Since(r.started), Lost: taken.lost, Why: why})
		}
	}
	if r.counters != nil {
		now, err := readCounters()
		errs = append(errs, err)
		if err == nil {
			recording.Counters = append(recording.Counters, moved(r.counters, now, !alone())...)
		}
	}
	if r.own {
		errs = append(errs, r.lanes.Close())
	}
	journal := r.lab.Journal()
	g.endpoints, g.entries = r.lab.Endpoints(), journal.Entries()
	recording.Outcomes = journal.Outcomes()
	recording.LostEvents += uint64(journal.Lost())
	g.fill(recording)
	recording.Missing = append(recording.missed(r.missing), recording.Missing...)
	if recording.private() { // what others counted meanwhile is not of this run
		recording.Counters = slices.DeleteFunc(recording.Counters, func(d CounterDelta) bool { return d.Host == "" })
	}
	recording.Level = recording.level()
	recording.judge()
	return recording, errors.Join(errs...)
}

// missed leaves out what was missing on the loopback if nothing of the run was
// there: the namespaces of the hosts gave it.
func (r *Recording) missed(missing []MissingLane) []MissingLane {
	if !r.private() {
		return missing
	}
	return slices.DeleteFunc(missing, func(m MissingLane) bool {
		return (m.Lane == Wire || m.Lane == Counters) && m.Why != errNotAsked.Error()
	})
}

// private says whether nothing of the run was on the loopback.
func (r *Recording) private() bool {
	far := r.far()
	shared := func(h Host) bool { return !h.Private && !far[h.Name] }
	return len(r.Hosts) > 0 && !slices.ContainsFunc(r.Hosts, shared)
}

// level says what a recording's answers can rest on.
func (r *Recording) level() Level {
	switch {
	case !r.Lacks(Kernel):
		return Observed
	case !r.Lacks(Wire):
		return Inferred
	}
	return AppOnly
}

// whole says whether a lane is there and saw all that happened at a time.
func (r *Recording) whole(lane Lane, at time.Duration) bool {
	return !r.Lacks(lane) && !slices.ContainsFunc(r.Gaps, func(g Gap) bool {
		return g.Lane == lane && g.From <= at && at <= g.To
	})
}

// Lacks says whether a lane is named as missing.
func (r *Recording) Lacks(lane Lane) bool {
	for _, m := range r.Missing {
		if m.Lane == lane {
			return true
		}
	}
	return false
}
