package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// reportFiles are the files that reports are written to.
type reportFiles struct {
	json, junit, html, markdown, badge, annotations, sarif string

	clientFile string // of the client, that reports point at
	verbose    bool   // show what the client said
}

func (f *reportFiles) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.json, "json", "", "write the report to `FILE`, for 'resetlab audit show', merge and diff")
	flags.StringVar(&f.junit, "junit", "", "write it to `FILE` for CI systems, as JUnit does")
	flags.StringVar(&f.html, "html", "", "write a page to `FILE`, with the evidence of each cell")
	flags.BoolVar(&f.verbose, "verbose", false, "show what the client said in every cell")
	flags.StringVar(&f.markdown, "markdown", "", "write it to `FILE` for the summary of a CI run")
	flags.StringVar(&f.badge, "badge", "", "write how many resets were survived to `FILE`, as a picture (SVG)")
	flags.StringVar(&f.annotations, "annotations", "", "write bad cells to `FILE` as annotations of GitHub Actions; - in a step of one")
	flags.StringVar(&f.sarif, "sarif", "", "write bad cells to `FILE` in SARIF 2.1.0, for code scanning; GitHub wants --client-file with it")
	flags.StringVar(&f.clientFile, "client-file", "", "show --sarif and --annotations at `FILE` of the client's, by its path in the repository")
}

// outputs are the files, with these reports.
func (f *reportFiles) outputs(reports ...*verdict.Report) outputs {
	return outputs{
		{"--json", f.json, func(w io.Writer) error { return render.JSON(w, reports[0]) }},
		{"--junit", f.junit, func(w io.Writer) error { return render.JUnit(w, reports...) }},
		{"--html", f.html, func(w io.Writer) error { return render.Page(w, reports...) }},
		{"--markdown", f.markdown, func(w io.Writer) error { return render.Markdown(w, reports...) }},
		{"--badge", f.badge, func(w io.Writer) error { return render.Badge(w, reports...) }},
		{"--annotations", f.annotations, func(w io.Writer) error { return render.Annotations(w, f.clientFile, reports...) }},
		{"--sarif", f.sarif, func(w io.Writer) error { return render.SARIF(w, f.clientFile, reports...) }},
	}
}

// check finds out whether the files can be written, before anything runs.
func (f *reportFiles) check(inputs ...string) error {
	switch {
	case f.clientFile == "":
	case f.sarif+f.annotations == "":
		return badInputf("--client-file is where --sarif and --annotations are shown")
	case !filepath.IsLocal(f.clientFile):
		return badInputf("--client-file %s: want a path from here into the repository, such as clients/shop.py", f.clientFile)
	}
	if f.clientFile != "" {
		inputs = append(inputs, f.clientFile)
	}
	return f.outputs().check(inputs...)
}

// out is where the matrix goes: standard output, unless a file is there.
func (f *reportFiles) out(cmd *cobra.Command) io.Writer {
	if f.outputs().toStdout() {
		return cmd.ErrOrStderr()
	}
	return cmd.OutOrStdout()
}

// present shows reports, writes the files that were asked for, and returns an
// error if something is bad.
func (f *reportFiles) present(cmd *cobra.Command, style cardStyle, reports ...*verdict.Report) error {
	out := f.out(cmd)
	options := style.options(out)
	var bad, unproven, unmet int
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := render.Matrix(out, r, render.Style{Width: options.Width, Color: options.Color, Said: f.verbose}); err != nil {
			return err
		}
		bad += len(r.Bad())
		unproven += len(r.Unproven())
		unmet += len(r.Unmet)
	}
	if err := f.outputs(reports...).write(cmd.OutOrStdout()); err != nil {
		return err
	}
	switch {
	case unmet > 0:
		return fmt.Errorf("bad cells: %d, expectations that are met no more: %d", bad, unmet)
	case bad > 0:
		return fmt.Errorf("bad cells: %d", bad)
	}
	return nothingProved(unproven, "cells")
}

// nothingProved is the error of things in which an audit proved nothing.
func nothingProved(n int, things string) error {
	if n == 0 {
		return nil
	}
	return &failure{fmt.Errorf("%s in which nothing was proved: %d", things, n), exitUnproven}
}

// readReport reads a stored report; - is standard input.
func readReport(path string) (*verdict.Report, error) {
	file := os.Stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, badInput(err)
		}
		defer file.Close()
	}
	report, err := render.ReadJSON(file)
	if err != nil {
		return nil, badInputf("%s: %w", path, err)
	}
	return report, nil
}

func readReports(paths []string) (reports []*verdict.Report, err error) {
	for _, path := range paths {
		r, err := readReport(path)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

func newAuditShow() *cobra.Command {
	var files reportFiles
	var style cardStyle
	command := &cobra.Command{
		Use:   "show REPORT...",
		Short: "Show stored reports again, several side by side",
		Long: `Show shows reports that --json wrote, in any form. The page has the agents side by
side. The exit status is 1 if one has a bad verdict that was not expected.`,
		Example: `  resetlab audit show curl.json wget.json --html clients.html`,
		Args:    arguments(1, math.MaxInt, "reports that 'resetlab audit … --json FILE' wrote"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if files.json != "" && len(args) > 1 {
				return badInputf("--json has one report: 'resetlab audit merge' makes one of shards")
			}
			if err := style.check(); err != nil {
				return err
			}
			reports, err := readReports(args)
			if err != nil {
				return err
			}
			if err := files.check(args...); err != nil {
				return err
			}
			return files.present(cmd, style, reports...)
		}),
	}
	files.register(command)
	style.register(command, render.LeastWidth)
	return command
}

func newAuditMerge() *cobra.Command {
	var files reportFiles
	var style cardStyle
	var expect expectations
	command := &cobra.Command{
		Use:   "merge REPORT...",
		Short: "Make one report of those of the shards of an audit",
		Long: `Merge makes one report of those that 'resetlab audit … --shard I/N --json FILE'
wrote. The exit status is 1 if there is a bad verdict that was not expected,
or a shard is missing.`,
		Example: `  resetlab audit merge shard-*.json --json whole.json --html whole.html`,
		Args:    arguments(1, math.MaxInt, "reports that 'resetlab audit … --shard I/N --json FILE' wrote"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := style.check(); err != nil {
				return err
			}
			if err := expect.read(); err != nil {
				return err
			}
			reports, err := readReports(args)
			if err != nil {
				return err
			}
			whole, err := render.Merge(reports...)
			if err != nil {
				return badInput(err)
			}
			if err := files.check(append(args, expect.path, expect.baseline)...); err != nil {
				return err
			}
			if err := expect.apply(whole, whole.Stopped == "" && whole.Left == 0); err != nil {
				return err
			}
			if err := files.present(cmd, style, whole); err != nil {
				return err
			}
			if whole.Stopped != "" {
				return fmt.Errorf("the report is incomplete: %s", whole.Stopped)
			}
			return nil
		}),
	}
	expect.register(command)
	files.register(command)
	style.register(command, render.LeastWidth)
	return command
}

func newAuditDiff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed between two reports of a client",
		Long: `Diff compares two reports that --json wrote, as of two versions of a client. The
exit status is 1 if a cell became worse: from good to weak or bad, from weak to
bad, or from bad to worse.`,
		Example: `  resetlab audit diff v1.json v2.json`,
		Args:    arguments(2, 2, "two reports that 'resetlab audit … --json FILE' wrote, the old one first"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			reports, err := readReports(args)
			if err != nil {
				return err
			}
			d, err := render.Diff(reports[0], reports[1])
			if err != nil {
				return badInput(err)
			}
			if err := d.Write(cmd.OutOrStdout()); err != nil {
				return err
			}
			if d.Regression() {
				return fmt.Errorf("cells that became worse: %d", len(d.Worse))
			}
			return nil
		}),
	}
}
