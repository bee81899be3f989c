package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// auditFlags are those of an audit.
type auditFlags struct {
	name, shard, budget, upstream, count string
	source, data                         string
	cells, only                          []string
	faults, repeats, operations          []string
	seed                                 uint64
	parallel                             int
	within                               time.Duration
	backends, sweep, dryRun, tls         bool
	session, trace                       bool
	stride                               int64
	toxiproxy                            remoteFlags
	expect                               expectations
	files                                reportFiles
	style                                cardStyle
}

func (f *auditFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.name, "name", "", "what reports call the client (default its command)")
	flags.StringArrayVar(&f.cells, "cell", nil, "run exactly this `CELL`, as P7/rst/once/write; may be repeated")
	flags.StringArrayVar(&f.only, "only", nil, "run the cells that match this `PATTERN`, as 'P7/*/*/write'; may be repeated")
	flags.StringSliceVar(&f.faults, "faults", nil, "strike with these `FAULTS` (default rst,fin, and a place's own); bytes,split,joined,pause are none")
	flags.StringSliceVar(&f.repeats, "repeats", nil, "strike so often: once, 2x, always, … (default once,always)")
	flags.StringSliceVar(&f.operations, "operations", nil, "perform these: read, idempotent, write (default read,write)")
	flags.BoolVar(&f.session, "session", false, "run the command once a cell; calls are lines of its standard input")
	flags.BoolVar(&f.backends, "backends", false, "the client turns to {healthy} when {address} fails")
	flags.StringVar(&f.budget, "budget", "", "`LIMITS` of a call, as time=10s,start=60s,attempts=20,late=5s,quiet=2s,stall=50ms,pause=500ms")
	flags.Uint64Var(&f.seed, "seed", 0, "`SEED` of the order of the cells (default one drawn at random)")
	flags.IntVar(&f.parallel, "parallel", 0, "run `N` cells at once (default 8 a processor)")
	flags.DurationVar(&f.within, "within", 0, "begin no more cells after this `TIME`, as 60s; the most telling ones come first")
	flags.StringVar(&f.shard, "shard", "", "run part `I/N` of the cells, as 1/4")
	flags.BoolVar(&f.sweep, "sweep", false, "cut at every byte instead of at the places")
	flags.Int64Var(&f.stride, "stride", 16, "with --sweep: at every `N`th byte, and at each where verdicts change")
	flags.StringVar(&f.upstream, "upstream", "", "`ADDRESS` of your own server, host:port, instead of one of the audit's")
	flags.StringVar(&f.count, "count", "", "with --upstream: `COMMAND` that prints how often the operation {id} was executed")
	flags.StringVar(&f.source, "source", "", "with --upstream: `IP` to connect to it from (default 127.0.0.1 on the loopback)")
	flags.StringVar(&f.data, "expect-data", "", "with --upstream: `FILE` with the data that a read returns, {id} in it being the call's")
	flags.BoolVar(&f.trace, "trace", false, "run bad cells, or those of --cell, again below strace, for the client's system calls (Linux)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "list the cells and run none")
	f.toxiproxy.register(command)
	f.expect.register(command)
	f.files.register(command)
	f.style.register(command, render.LeastWidth)
	for name, words := range map[string][]string{"faults": plainWords(point.Faults()), "operations": plainWords(point.Operations())} {
		noError(command.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
}

// plainWords makes plain strings.
func plainWords[S ~string](list []S) []string {
	var words []string
	for _, s := range list {
		words = append(words, string(s))
	}
	return words
}

// typed makes words of a kind.
func typed[S ~string](list []string) []S {
	var words []S
	for _, s := range list {
		words = append(words, S(s))
	}
	return words
}

// options checks the flags that say which cells are run, and how.
func (f *auditFlags) options() (o audit.Options, err error) {
	o = audit.Options{
		Only: f.only, Faults: typed[point.Fault](f.faults), Repeats: typed[point.Repeat](f.repeats),
		Operations: typed[point.Operation](f.operations), Seed: f.seed, Parallel: f.parallel, Within: f.within,
	}
	for _, id := range f.cells {
		cell, err := point.ParseCell(id)
		if err != nil {
			return o, badInputf("--cell: %w", err)
		}
		o.Cells = append(o.Cells, cell)
	}
	if o.Limits, err = parseBudget(f.budget); err != nil {
		return o, badInputf("--budget: %w", err)
	}
	if f.shard != "" {
		first, second, _ := strings.Cut(f.shard, "/")
		shard, err1 := strconv.Atoi(first)
		shards, err2 := strconv.Atoi(second)
		if err1 != nil || err2 != nil || shard < 1 || shard > shards {
			return o, badInputf("--shard %q: want I/N, as 1/4, with I from 1 to N", f.shard)
		}
		o.Shard, o.Shards = shard, shards
	}
	return o, nil
}

// filtered says whether cells of the matrix are left out.
func (f *auditFlags) filtered() bool {
	return len(f.cells)+len(f.only)+len(f.faults)+len(f.repeats)+len(f.operations) > 0 || f.shard != ""
}

// parseBudget reads limits, key=value with commas between.
func parseBudget(text string) (l audit.Limits, err error) {
	if text == "" {
		return l, nil
	}
	durations := map[string]*time.Duration{"time": &l.Time, "start": &l.Start, "quiet": &l.Quiet, "late": &l.Late, "stall": &l.Stall, "pause": &l.Pause}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		d, timed := durations[key]
		switch {
		case seen[key]:
			return l, fmt.Errorf("%s is given twice", key)
		case timed:
			if *d, err = time.ParseDuration(value); err != nil || *d <= 0 {
				return l, fmt.Errorf("%s=%s: want a duration, as 10s", key, value)
			}
		case key == "attempts":
			if l.Attempts, err = strconv.Atoi(value); err != nil || l.Attempts < 1 {
				return l, fmt.Errorf("attempts=%s: want a whole number, at least 1", value)
			}
		default:
			return l, fmt.Errorf("%q is unknown: allowed are time, start, attempts, late, quiet, stall, pause", key)
		}
		seen[key] = true
	}
	return l, nil
}

// conflict says which flags are missing, or do not go together.
func (f *auditFlags) conflict(of family, args []string) error {
	switch {
	case len(args) == 0 && !f.dryRun:
		return badInputf("what is to be audited? Give the client's command behind --, as: %s",
			strings.TrimSpace(strings.Split(of.example, "\n")[0]))
	case f.count != "" && f.upstream == "":
		return badInputf("--count goes with --upstream: the audit's own server counts for itself")
	case f.data != "" && f.upstream == "":
		return badInputf("--expect-data goes with --upstream: what the audit's own server sends is known")
	case f.source != "" && f.upstream == "":
		return badInputf("--source goes with --upstream: towards the audit's own server each cell has an address of its own")
	case f.source != "" && f.toxiproxy.url != "":
		return badInputf("--source does not go with --toxiproxy, which is what connects to the server")
	case of.start == nil && f.upstream == "" && !f.dryRun:
		return badInputf("--upstream is missing: where is the server?")
	case len(f.cells) > 0 && (len(f.only)+len(f.faults)+len(f.repeats)+len(f.operations) > 0 || f.shard != ""):
		return badInputf("--cell names what is run: --only, --faults, --repeats, --operations and --shard do not go with it")
	case f.sweep && (len(f.cells)+len(f.only) > 0 || f.shard != "" || f.expect.path+f.expect.baseline != "" || f.dryRun):
		return badInputf("--sweep cuts at every byte: --cell, --only, --shard, --expect, --baseline and --dry-run do not go with it")
	case f.sweep && f.files.junit+f.files.html+f.files.markdown+f.files.badge+f.files.annotations+f.files.sarif != "":
		return badInputf("--sweep has --json only")
	case f.trace && (f.sweep || f.toxiproxy.url != ""):
		return badInputf("--trace is of cells that are struck here: --sweep and --toxiproxy do not go with it")
	case f.within < 0:
		return badInputf("--within %v: want a time to run, as 60s", f.within)
	case f.sweep && f.within > 0:
		return badInputf("--sweep cuts at every byte, and none is left out: --stride makes it shorter, and --within does not go with it")
	case f.stride < 1:
		return badInputf("--stride %d: want 1 or more", f.stride)
	}
	return nil
}

// prepare checks everything that can be checked before something is started.
func (f *auditFlags) prepare(of family, args []string) (*auditing, error) {
	a := &auditing{flags: f, family: of, command: agent.Command{Args: args, Method: of.method, Session: f.session}}
	f.tls = f.tls || of.tls
	err := f.conflict(of, args)
	if err != nil {
		return nil, err
	}
	if a.options, err = f.options(); err != nil {
		return nil, err
	}
	if err := f.style.check(); err != nil {
		return nil, err
	}
	if len(args) > 0 {
		if err := a.command.Check(); err != nil {
			return nil, badInput(err)
		}
	}
	if f.name == "" {
		f.name = strings.Join(args, " ")
	}
	f.backends = f.backends || slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "{healthy") })
	if err := f.expect.read(); err != nil {
		return nil, err
	}
	if f.upstream != "" {
		if a.server, err = newUpstream(f.upstream, f.count, f.data); err != nil {
			return nil, err
		}
	}
	if err := f.remoteConflict(); err != nil {
		return nil, err
	}
	if a.plain, err = a.bare(); err != nil {
		return nil, err
	}
	if _, err := a.matrix(a.plain); err != nil {
		return nil, err
	}
	// A baseline of another protocol is refused before anything runs.
	if err := f.expect.apply(&verdict.Report{Protocol: a.plain.Protocol.Name()}, false); err != nil {
		return nil, err
	}
	return a, f.files.check(f.expect.baseline, f.expect.path)
}

// expectations are what is known to be bad: what a file lists, and what was bad in
// an earlier report.
type expectations struct {
	path, baseline string
	listed         verdict.Expectations
	earlier        *verdict.Report
}

func (e *expectations) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&e.path, "expect", "", "`FILE` that lists the bad verdicts that are known, with reasons")
	flags.StringVar(&e.baseline, "baseline", "", "earlier `REPORT` of --json: what was as bad there does not fail this audit")
}

func (e *expectations) read() (err error) {
	if e.baseline != "" {
		if e.earlier, err = readReport(e.baseline); err != nil {
			return err
		}
	}
	if e.path == "" {
		return nil
	}
	file, err := os.Open(e.path)
	if err != nil {
		return badInput(err)
	}
	defer file.Close()
	if e.listed, err = verdict.ParseExpectations(file); err != nil {
		return badInputf("%s: %w", e.path, err)
	}
	return nil
}

// apply enters into a report what was known. The error says that the baseline is
// of something else.
func (e *expectations) apply(report *verdict.Report, all bool) error {
	e.listed.Apply(report, all)
	if e.earlier == nil {
		return nil
	}
	if err := report.Tolerate(e.earlier); err != nil {
		return badInputf("--baseline %s: %w", e.baseline, err)
	}
	return nil
}
