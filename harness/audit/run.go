package audit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// EndingTime is how long an audit takes to end at most when its context has
// ended: what does not end until then is left alone.
const EndingTime = 10 * time.Second

// A run is what the cells of an audit have in common.
type run struct {
	subject    *Subject
	options    Options
	limits     Limits
	places     map[string]point.Place
	unanswered bool   // the protocol has no replies, also where a byte is the place
	shape      string // of the reply where a byte is the place
	addresses  *addresses
	idPrefix   string // begins every id and label of this run
	ids        atomic.Uint64
	clock      *clock
	slowest    atomic.Int64  // start of a client that was seen until now, in nanoseconds
	starts     chan struct{} // has a value for each client that is being loaded; nil: without bound
	server     *remoteServer // that strikes; nil: this process does
	ending     time.Duration // how long the cells under way have to end when the context has ended
	logging    sync.Mutex
	sweeping   bool // sockets are not attributed to cells: the sock_diag query costs 10 % of a cell

	reached atomic.Bool // the origin has been connected to
	ports   sync.Mutex  // held while a cell waits for a port to connect from
	waiting sync.Once   // that it does has been said

	noting    sync.Mutex
	looked    sync.Once // whether the clients are in this process
	inProcess atomic.Bool
	late      <-chan struct{}   // closed when no cell is begun any more; nil: never
	sockets   map[uint32]string // the cells of the clients' sockets, by inode
}

// Run audits a client. An error says that the audit could not be made, or was
// stopped: then the report, if not nil, has what was measured until then.
// What a client does wrong is no error: see [verdict.Report.Bad].
func Run(ctx context.Context, s Subject, o Options) (report *verdict.Report, err error) {
	cells, err := s.matrix(o)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	r := newRun(&s, o)
	if o.Within > 0 {
		budget, over := context.WithTimeout(context.WithoutCancel(ctx), o.Within)
		defer over()
		r.late = budget.Done()
	}
	if err := r.makeRoom(); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer r.clock.start(context.WithoutCancel(ctx))()
	leave, err := r.reach(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	if err := r.prove(ctx, cells); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if report, err = r.report(ctx, cells); report == nil {
		return nil, err
	}
	report.Untried = s.untried(o)
	if err == nil {
		err = r.traceCells(ctx, report)
	}
	return report, err
}

// report tries cells, in an order that the seed decides.
func (r *run) report(ctx context.Context, cells []point.Cell) (*verdict.Report, error) {
	o := r.options
	report := &verdict.Report{
		Version: verdict.ReportVersion, Subject: r.subject.Name, Protocol: r.subject.protocol().Name(), Seed: o.Seed,
		Started: time.Now(), Shard: o.Shard, Shards: o.Shards,
	}
	results := make([]*verdict.Result, len(cells))
	order := rand.New(rand.NewPCG(o.Seed, 0)).Perm(len(cells))
	if o.Within > 0 {
		order = mostTelling(cells)
	}
	done := 0
	r.each(ctx, order, func(i int) tried { return r.try(ctx, cells[i]) }, func(i int, result verdict.Result) {
		results[i] = &result
		if done++; o.Progress != nil {
			o.Progress(done, len(cells), result)
		}
	})
	for _, result := range results {
		if result != nil {
			report.Cells = append(report.Cells, *result)
		}
	}
	r.findLeaks(ctx, report.Cells)
	report.Places = r.notes(report.Cells)
	report.Duration = time.Since(report.Started)
	if err := ctx.Err(); err != nil && len(report.Cells) < len(cells) {
		report.Stopped = fmt.Sprintf("stopped after %d of %d cells", len(report.Cells), len(cells))
		return report, fmt.Errorf("audit: %s: %w", report.Stopped, err)
	}
	if report.Left = len(cells) - len(report.Cells); report.Left == len(cells) {
		return nil, fmt.Errorf("audit: no cell could be begun within %v: finding out what the calls look like took it", o.Within)
	}
	return report, nil
}

// matrix checks the subject and returns the cells to run.
func (s *Subject) matrix(o Options) ([]point.Cell, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return Matrix(*s, o)
}

func (s *Subject) check() error {
	if s.Protocol == nil || s.Origin == nil || s.Open == nil {
		return errors.New("subject: Protocol, Origin and Open must be given")
	}
	if _, _, err := net.SplitHostPort(s.Origin.Addr()); err != nil {
		return fmt.Errorf("subject: the origin's address: %w", err)
	}
	if s.Source.IsValid() {
		if err := CheckSource(s.Source); err != nil {
			return fmt.Errorf("subject: %w", err)
		}
	}
	return nil
}

func newRun(s *Subject, o Options) *run {
	for o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	switch {
	case s.Remote != nil:
		o.Parallel = 1
	case o.Parallel == 0:
		o.Parallel = 8 * runtime.GOMAXPROCS(0)
	}
	r := &run{
		subject: s, options: o, limits: o.Limits.orDefaults(), places: map[string]point.Place{},
		sockets: map[uint32]string{}, clock: newClock(), ending: EndingTime, addresses: newAddresses(rand.Uint64()), idPrefix: base36(rand.Uint64N(1<<31), 6) + "-",
	}
	for _, p := range s.protocol().Places() {
		r.places[p.ID] = p
	}
	r.loaded(s.Cost.Start)
	if n := s.Cost.loadedAtOnce(); n > 0 {
		r.starts = make(chan struct{}, n)
	}
	answered := slices.ContainsFunc(s.Protocol.Places(), func(p point.Place) bool { return !p.Unanswered })
	r.unanswered = len(r.places) > 0 && !answered
	return r
}

// loaded notes how long it took to load a client.
func (r *run) loaded(start time.Duration) {
	for known := r.slowest.Load(); int64(start) > known; known = r.slowest.Load() {
		if r.slowest.CompareAndSwap(known, int64(start)) {
			return
		}
	}
}

// place returns the place of a name.
func (r *run) place(id string) (point.Place, bool) {
	if p, ok := r.places[id]; ok {
		return p, true
	}
	_, _, ok := point.ParseByte(id)
	return point.Place{ID: id, Unanswered: r.unanswered, Shape: r.shape}, ok
}

// notes describes the places of cells.
func (r *run) notes(cells []verdict.Result) []verdict.PlaceNote {
	var notes []verdict.PlaceNote
	for _, p := range r.subject.protocol().Places() {
		if slices.ContainsFunc(cells, func(c verdict.Result) bool { return c.Place == p.ID }) {
			notes = append(notes, verdict.PlaceNote{ID: p.ID, Says: p.Says, Race: p.Race})
		}
	}
	return append(notes, byteNotes(cells)...)
}

// byteNotes describes the places of results that are bytes.
func byteNotes(results []verdict.Result) (notes []verdict.PlaceNote) {
	for _, r := range results {
		toward, n, byByte := point.ParseByte(r.Place)
		if !byByte || slices.ContainsFunc(notes, func(note verdict.PlaceNote) bool { return note.ID == r.Place }) {
			continue
		}
		says := fmt.Sprintf("the first byte toward the %s is withheld", toward)
		if n > 0 {
			says = fmt.Sprintf("behind byte %d toward the %s", n, toward)
		}
		notes = append(notes, verdict.PlaceNote{ID: r.Place, Says: says})
	}
	return notes
}

// newID returns an id that no other call has, all of the same length.
func (r *run) newID() string { return r.idPrefix + base36(r.ids.Add(1), 6) }

func base36(n uint64, digits int) string {
	text := strconv.FormatUint(n, 36)
	for len(text) < digits {
		text = "0" + text
	}
	return text
}

func (r *run) logf(format string, args ...any) {
	if r.options.Log == nil {
		return
	}
	r.logging.Lock()
	defer r.logging.Unlock()
	r.options.Log(fmt.Sprintf(format, args...))
}
