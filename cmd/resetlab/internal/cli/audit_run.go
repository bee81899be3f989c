package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/cards"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// An auditing is an audit whose arguments are good.
type auditing struct {
	flags   *auditFlags
	family  family
	command agent.Command
	server  server
	plain   audit.Subject // without a client and a server
	pem     []byte        // the certificate to trust, with TLS
	options audit.Options
}

// bare is the subject as far as it is known before anything is started.
func (a *auditing) bare() (audit.Subject, error) {
	s := audit.Subject{
		Name: a.flags.name, Protocol: a.family.protocol(), Backends: a.flags.backends, Pooled: a.flags.session,
		Suspends: true, Remote: a.flags.toxiproxy.remote(),
	}
	if a.flags.source != "" {
		var err error
		if s.Source, err = netip.ParseAddr(a.flags.source); err != nil {
			return s, badInputf("--source %q: want the IP address of this machine to connect from", a.flags.source)
		}
		if err := audit.CheckSource(s.Source); err != nil {
			return s, badInputf("--source: %w", err)
		}
	}
	if !a.flags.tls {
		return s, nil
	}
	authority, err := audit.NewAuthority()
	if err != nil {
		return s, err
	}
	a.pem, s.TLS = authority.PEM(), authority.Server(a.family.alpn...)
	return s, nil
}

func (a *auditing) run(cmd *cobra.Command) (err error) {
	defer endInTime(cmd.Context(), cmd.ErrOrStderr())()
	if a.flags.dryRun {
		return a.list(cmd.OutOrStdout())
	}
	if a.flags.trace {
		if err := agent.CheckTracing(cmd.Context()); err != nil {
			return badInputf("--trace: %w", err)
		}
	}
	if a.server == nil {
		if a.server, err = a.family.start(); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, a.server.Close()) }()
	if a.pem != nil {
		if a.command.CA, err = temporary(a.pem); err != nil {
			return err
		}
		defer os.Remove(a.command.CA)
	}
	subject, err := a.subject(cmd)
	if err != nil {
		return err
	}
	if a.flags.sweep {
		return a.sweep(cmd, subject)
	}
	return a.conduct(cmd, subject)
}

// conduct runs the cells and shows what became of them.
func (a *auditing) conduct(cmd *cobra.Command, subject audit.Subject) (err error) {
	a.options.Log = func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), terminal.Printable(text)) }
	cells, err := a.matrix(subject)
	if err != nil {
		return err
	}
	if a.recorded() {
		lanes := capture.Open()
		defer func() { err = errors.Join(err, lanes.Close()) }()
		a.options.Recorder = cards.New(lanes)
	}
	bar := newProgress(cmd.ErrOrStderr(), len(cells), "running the cells")
	defer bar.finish()
	a.options.Progress = worstSoFar(bar)
	if a.options.Tracer != nil {
		a.options.Tracer = describedTracer{a.options.Tracer, bar}
	}
	report, err := audit.Run(cmd.Context(), subject, a.options)
	bar.finish()
	if report == nil {
		return err
	}
	if err := a.flags.expect.apply(report, !a.flags.filtered() && report.Stopped == "" && report.Left == 0); err != nil {
		return err
	}
	a.flags.files.verbose = a.flags.files.verbose || len(a.options.Cells) > 0 // somebody looks closer
	err = errors.Join(err, a.flags.files.present(cmd, a.flags.style, report))
	a.sayAgain(cmd, report)
	for _, c := range report.Cells {
		if len(a.options.Cells) > 0 && c.Card != "" {
			fmt.Fprintf(a.flags.files.out(cmd), "\n%s", c.Card)
		}
	}
	return err
}

// recorded says whether somebody is to see what was on the wire, and it is here.
func (a *auditing) recorded() bool {
	seen := a.flags.files.html != "" || a.flags.files.json != "" || len(a.options.Cells) > 0
	return seen && a.plain.Remote == nil
}

// temporary writes a file that is to be removed.
func temporary(content []byte) (path string, err error) {
	if err := suite.CheckTemporary(); err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "resetlab-*.pem")
	if err != nil {
		return "", fmt.Errorf("write the certificate: %w", err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("write the certificate: %w", err)
	}
	return file.Name(), nil
}

// worstSoFar steps a bar and shows the worst verdict on it.
func worstSoFar(bar progress) func(done, total int, last verdict.Result) {
	var worst verdict.Verdict
	return func(done, total int, last verdict.Result) {
		if done == 1 || last.Verdict.Worse(worst) {
			worst = last.Verdict
			bar.describe("worst so far: " + worst.String())
		}
		bar.step()
	}
}

// A describedTracer shows on a bar which cell it traces.
type describedTracer struct {
	audit.Tracer
	bar progress
}

// Trace prepares the client of a cell.
func (t describedTracer) Trace(c point.Cell) (audit.Tracing, error) {
	t.bar.describe("again below strace: " + c.ID())
	return t.Tracer.Trace(c)
}

// operations are those that the audit performs.
func (a *auditing) operations() []point.Operation {
	var list []point.Operation
	for _, cell := range a.options.Cells {
		list = append(list, cell.Operation)
	}
	list = append(list, a.options.Operations...)
	if len(list) == 0 {
		list = []point.Operation{point.Read, point.Write}
	}
	return slices.DeleteFunc(point.Operations(), func(o point.Operation) bool { return !slices.Contains(list, o) })
}

// matrix returns the cells that are run.
func (a *auditing) matrix(s audit.Subject) ([]point.Cell, error) {
	cells, err := audit.Matrix(s, a.options)
	if err != nil {
		return nil, badInput(err)
	}
	return cells, nil
}

// list shows the cells that would be run.
func (a *auditing) list(w io.Writer) error {
	cells, err := a.matrix(a.plain)
	if err != nil {
		return err
	}
	says := map[string]string{}
	for _, p := range a.plain.Protocol.Places() {
		says[p.ID] = p.Says
	}
	place := ""
	for _, c := range cells {
		if c.Place != place {
			place = c.Place
			fmt.Fprintln(w, strings.TrimSpace(place+"  "+says[place]))
		}
		fmt.Fprintf(w, "    %s\n", c.ID())
	}
	fmt.Fprintln(w, counted(int64(len(cells)), "cell"))
	return nil
}

// sweep cuts at every byte of each operation.
func (a *auditing) sweep(cmd *cobra.Command, subject audit.Subject) error {
	var reports []*verdict.SweepReport
	var stopped error
	for _, operation := range a.operations() {
		repeat := point.Once
		if len(a.options.Repeats) > 0 {
			repeat = a.options.Repeats[0]
		}
		bar := newProgress(cmd.ErrOrStderr(), -1, "cutting "+string(operation))
		report, err := audit.Sweep(cmd.Context(), subject, audit.SweepOptions{
			Operation: operation, Repeat: repeat, Faults: a.options.Faults, Stride: a.flags.stride, Seed: a.options.Seed,
			Parallel: a.options.Parallel, Limits: a.options.Limits, Progress: worstSoFar(bar),
		})
		bar.finish()
		if report != nil {
			reports = append(reports, report)
		}
		if stopped = err; err != nil {
			break
		}
	}
	bad, unproven := 0, 0
	for _, r := range reports {
		again := func(c point.Cell) string { return a.again(cmd, c) }
		if err := render.Sweep(a.flags.files.out(cmd), r, again); err != nil {
			return err
		}
		bad += len(r.Bad())
		unproven += len(r.Unproven())
	}
	stored := outputs{{"--json", a.flags.files.json, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(reports)
	}}}
	err := stored.write(cmd.OutOrStdout())
	if bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d ranges of bytes have a bad verdict", bad))
	} else {
		err = errors.Join(err, nothingProved(unproven, "ranges of bytes"))
	}
	return errors.Join(stopped, err)
}

// again is the command that runs one cell of this audit, and shows its card.
func (a *auditing) again(cmd *cobra.Command, cell point.Cell) string {
	return again(cmd, a.command.Args, notAgain, "--cell", cell.ID())
}

// notAgain are the flags that say which cells are run, in which order, and where
// the report goes.
var notAgain = []string{
	"cell", "only", "faults", "repeats", "operations", "shard", "sweep", "stride", "seed", "json", "junit", "html", "markdown",
	"badge", "annotations", "sarif", "client-file", "baseline", "within",
}

// sayAgain says how to look closer at the first bad cell.
func (a *auditing) sayAgain(cmd *cobra.Command, report *verdict.Report) {
	if bad := report.Bad(); len(bad) > 0 && len(a.options.Cells) == 0 {
		c := bad[0]
		cell := point.Cell{Place: c.Place, Fault: c.Fault, Repeat: c.Repeat, Operation: c.Operation}
		fmt.Fprintf(a.flags.files.out(cmd), "\nThe first bad cell again, with what was on the wire:\n    %s\n", a.again(cmd, cell))
	}
}
