package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/watch"
)

// watchFlags are the flags of the command as they were given.
type watchFlags struct {
	ports     []int
	processes []int
	causes    []string
	direction string
	source    string
	ring      string
	lasts     time.Duration
	count     int64
	json      bool
	owners    bool
	keep      bool
	expect    string

	known      []watch.Expectation
	unexpected int64
}

func newWatch() *cobra.Command {
	var f watchFlags
	command := &cobra.Command{
		Use:   "watch",
		Short: "Explain the resets of this machine, as they happen",
		Long: `Watch says of every reset that this machine sends or receives, and of every
connection that fails without one: when, which process, which connection, why,
what was lost, what cures it, and the scenario that shows it. At the end it sums
up by cause. It ends when it is interrupted, or with --for or --count.

It sees the whole machine, all network namespaces and containers, by an eBPF
program on tracepoints: that takes Linux 5.11 with BTF and root, or CAP_BPF and
CAP_PERFMON. Where that is not given it falls back to tracefs, which takes root,
and says what it then does not know. When it has begun it gives all privileges up.

With --expect the end status is 3 if a reset came that the file does not list:
around integration tests of yours, say. A line is a pattern of the program's name,
with :PORT if one port of a server is meant; the cause, several with | between
them, or *; and the reason why that is known:

    nginx:8080   linger-zero            return 444, on purpose
    *            refused|health-check   the load balancer probes

A process with ? is a guess: who listened, not who accepted. Where a cause has
"or" behind it, others look the same from here. A RST whose two ends are both on
this machine is told once, by the end that sent it.`,
		Example: `  sudo resetlab watch
  sudo resetlab watch --port 8080 --for 60s
  sudo resetlab watch --json | jq -r 'select(.cause=="unread") | .owner.name'`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			for name, zero := range map[string]bool{"for": f.lasts == 0, "count": f.count == 0} {
				if zero && cmd.Flags().Changed(name) {
					return badInputf("--%s 0: nothing would be watched", name)
				}
			}
			return f.watch(cmd, options)
		}),
	}
	flags := command.Flags()
	flags.IntSliceVar(&f.ports, "port", nil, "only connections with this `PORT` at one of their ends")
	flags.IntSliceVar(&f.processes, "pid", nil, "only connections of the process with this number, `PID`")
	flags.StringSliceVar(&f.causes, "cause", nil, "only this `CAUSE`, also where it is one of several")
	flags.StringVar(&f.direction, "direction", "", "only `KIND` sent, received or failed; what was sent and received here is both")
	flags.StringVar(&f.source, "source", "", "force the `SOURCE` ebpf or tracefs (default the best that there is)")
	flags.StringVar(&f.ring, "ring", "", "`SIZE` of the kernel's buffer, a power of two as 4MiB or 64KiB")
	flags.DurationVar(&f.lasts, "for", 0, "end after this `TIME`, as 60s")
	flags.Int64Var(&f.count, "count", 0, "end after `N` resets")
	flags.BoolVar(&f.json, "json", false, "a line of JSON for each, and one at the end, to standard output")
	flags.BoolVar(&f.owners, "owners", true, "find out whose the connections are; without it watching costs less")
	flags.StringVar(&f.expect, "expect", "", "`FILE` of resets that are known; status 3 if another one comes, or events are lost")
	flags.BoolVar(&f.keep, "keep-privileges", false, "do not become nobody")
	return command
}

// options checks what was given.
func (f *watchFlags) options() (watch.Options, error) {
	o := watch.Options{Source: f.source, WithoutOwners: !f.owners}
	switch {
	case f.source != "" && !slices.Contains(watch.Sources(), f.source):
		return o, unknown("source", f.source, watch.Sources(), "resetlab watch --help")
	case f.direction != "" && !slices.Contains(directions(), f.direction):
		return o, unknown("direction", f.direction, directions(), "resetlab watch --help")
	case f.lasts < 0:
		return o, badInputf("--for %v: want a time above 0, as 60s", f.lasts)
	case f.count < 0:
		return o, badInputf("--count %d: want a number above 0", f.count)
	}
	for _, port := range f.ports {
		if port < 1 || port > 65535 {
			return o, badInputf("--port %d: want a number from 1 to 65535", port)
		}
	}
	for _, process := range f.processes {
		if process < 1 {
			return o, badInputf("--pid %d: want a number above 0", process)
		}
	}
	var names []string
	for _, cause := range causes.All() {
		names = append(names, cause.Name)
	}
	for _, cause := range f.causes {
		if !slices.Contains(names, cause) {
			return o, unknown("cause", cause, names, "resetlab explain")
		}
	}
	var err error
	if o.Ring, err = parseSize(f.ring); err != nil || f.expect == "" {
		return o, err
	}
	file, err := os.Open(f.expect)
	if err != nil {
		return o, badInputf("--expect: %w", err)
	}
	defer file.Close()
	if f.known, err = watch.ParseExpectations(file); err != nil {
		return o, badInputf("--expect %s: %w", f.expect, err)
	}
	return o, nil
}

func directions() []string {
	return []string{string(watch.Sent), string(watch.Received), string(watch.Failed)}
}

// parseSize reads a size such as 4MiB; "" is 0.
func parseSize(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	number, shift := text, 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20} {
		if before, found := strings.CutSuffix(text, unit); found {
			number, shift = before, bits
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1<<30>>shift || n<<shift < 4096 || n&(n-1) != 0 {
		return 0, badInputf("--ring %q: want a power of two from 4KiB to 1024MiB", text)
	}
	return n << shift, nil
}

// watch watches until it is over, which is its good end.
func (f *watchFlags) watch(cmd *cobra.Command, o watch.Options) error {
	w, err := watch.Open(o)
	if err != nil {
		return fmt.Errorf("watch: %w: see '%s'", err, commandLine("doctor"))
	}
	defer w.Close()
	var view watchView = newWatchLines(cmd.OutOrStdout())
	if f.json {
		view = &watchJSON{json.NewEncoder(cmd.OutOrStdout())}
	}
	if err := view.begin(f.introduction(w)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	if f.lasts > 0 {
		ctx, cancel = context.WithTimeout(cmd.Context(), f.lasts)
	}
	defer cancel()
	var summary watch.Summary
	for {
		some, err := w.Next(ctx)
		for i := range some {
			if !f.wants(&some[i]) || f.count > 0 && summary.Total() == f.count {
				continue
			}
			summary.Add(&some[i])
			if !slices.ContainsFunc(f.known, func(e watch.Expectation) bool { return e.Covers(&some[i]) }) {
				f.unexpected++
			}
			if err := view.show(&some[i]); err != nil {
				return err
			}
		}
		if f.count > 0 && summary.Total() == f.count {
			cancel()
			break
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	seen, lost := w.Counts()
	return errors.Join(view.end(&summary, seen, lost), w.Close(), f.judge(lost))
}

// judge says whether anything came that was not expected. Where events are lost
// that is not known.
func (f *watchFlags) judge(lost uint64) error {
	switch {
	case f.expect == "":
		return nil
	case f.unexpected > 0:
		return &failure{fmt.Errorf("%s came that %s does not list", counted(f.unexpected, "reset"), f.expect), exitUnproven}
	case lost > 0:
		return &failure{fmt.Errorf("%s are lost: whether all that came is expected is not known", counted(int64(lost), "event")), exitUnproven}
	}
	return nil
}

// A watchIntroduction says by which source is watched, and what that does not
// tell.
type watchIntroduction struct {
	Kind       string   `json:"kind"` // "begin"
	Source     string   `json:"source"`
	Privileges string   `json:"privileges"`
	Lacks      []string `json:"lacks"`
}

// introduction gives privileges up, and says what is left.
func (f *watchFlags) introduction(w *watch.Watcher) watchIntroduction {
	how := "with its privileges"
	if !f.keep {
		how = "as nobody, without privileges"
		if err := w.Drop(); err != nil {
			how = "with its privileges: " + err.Error()
		}
	}
	return watchIntroduction{"begin", w.Source(), how, w.Lacks()}
}

// wants says whether a diagnosis passes the filters.
func (f *watchFlags) wants(d *watch.Diagnosis) bool {
	ends := []*watch.Event{&d.Event}
	if d.Peer != nil {
		ends = append(ends, d.Peer)
	}
	any := func(fits func(*watch.Event) bool) bool { return slices.ContainsFunc(ends, fits) }
	switch {
	case len(f.ports) > 0 && !any(func(e *watch.Event) bool {
		return slices.Contains(f.ports, int(e.Local.Port())) || slices.Contains(f.ports, int(e.Remote.Port()))
	}):
		return false
	case len(f.processes) > 0 && !any(func(e *watch.Event) bool { return slices.Contains(f.processes, e.Owner.PID) }):
		return false
	case f.direction != "" && !any(func(e *watch.Event) bool { return string(e.Kind) == f.direction }):
		return false
	case len(f.causes) > 0 && !slices.ContainsFunc(append([]string{d.Cause}, d.Or...), func(cause string) bool {
		return slices.Contains(f.causes, cause)
	}):
		return false
	}
	return true
}

// A watchView shows diagnoses.
type watchView interface {
	begin(watchIntroduction) error
	show(d *watch.Diagnosis) error
	end(s *watch.Summary, seen, lost uint64) error
}

// watchJSON writes lines of JSON.
type watchJSON struct{ *json.Encoder }

func (v *watchJSON) begin(i watchIntroduction) error { return v.Encode(i) }

func (v *watchJSON) show(d *watch.Diagnosis) error { return v.Encode(d) }

func (v *watchJSON) end(s *watch.Summary, seen, lost uint64) error {
	return v.Encode(struct {
		Kind   string      `json:"kind"` // "summary"
		Resets int64       `json:"resets"`
		Events uint64      `json:"events"` // of the kernel; a reset may have two
		Lost   uint64      `json:"lost_events"`
		Causes []watch.Row `json:"causes"`
	}{"summary", s.Total(), seen, lost, s.Rows()})
}
