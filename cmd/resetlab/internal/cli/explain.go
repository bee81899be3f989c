package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness/evidence"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ERROR|REASON",
		Short: "Say what an error or a kernel's reason for a RST means",
		Long: `Explain says what an error such as ECONNRESET or a kernel's reason for a RST such
as TCP_ABORT_ON_CLOSE means, which scenarios produce it on this machine, and
what to look at next. It runs the scenarios to find out.`,
		Example: `  resetlab explain ECONNRESET
  resetlab explain "broken pipe"
  resetlab explain TCP_ABORT_ON_CLOSE`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeTerms,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			terms, err := glossary()
			if err != nil {
				return err
			}
			t, ok := findTerm(terms, args[0])
			if !ok {
				return unknown("error or reason", args[0], termNames(terms), "resetlab explain --help")
			}
			return explain(cmd, t)
		}),
	}
}

func explain(cmd *cobra.Command, h headword) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s\n\n", h.title())
	writeWrapped(out, "  ", h.Means)
	all := suite.Scenarios()
	seen := map[string][]string{} // where, by the spec's text
	err := runQuietly(cmd, suite.Order{Specs: texts(all), Record: h.isReason()}, func(r suite.Result) {
		seen[r.Spec] = h.sightings(r)
	})
	if failed := (*specsFailed)(nil); err != nil && !errors.As(err, &failed) {
		return err
	}
	fmt.Fprintf(out, "\nSeen just now in:\n")
	lines := producers(all, seen)
	for _, line := range lines {
		fmt.Fprintf(out, "  %s\n", line)
	}
	if len(lines) == 0 {
		fmt.Fprintln(out, "  none of the scenarios")
	}
	if h.isReason() {
		tellIfReasonsAreMissing(out)
	}
	fmt.Fprintf(out, "\nWhat to look at next:\n")
	if len(lines) > 0 {
		writeWrapped(out, "  - ", "One of them, by its name: resetlab run "+strings.Fields(lines[0])[0])
	}
	for _, next := range h.Next {
		writeWrapped(out, "  - ", next)
	}
	return err
}

// producers names the scenarios in which something was seen, and where.
func producers(all []suite.Scenario, seen map[string][]string) []string {
	width := 0
	for _, s := range all {
		width = max(width, len(s.Name))
	}
	var lines []string
	for _, s := range all {
		var here []string
		for _, spec := range s.Specs {
			here = append(here, seen[spec.Text]...)
		}
		slices.Sort(here)
		if here = slices.Compact(here); len(here) > 0 {
			lines = append(lines, fmt.Sprintf("%-*s  %s", width, s.Name, strings.Join(here, ", ")))
		}
	}
	return lines
}

// tellIfReasonsAreMissing says why nothing can have been seen.
func tellIfReasonsAreMissing(out io.Writer) {
	for _, lane := range evidence.Doctor() {
		if lane.Lane == evidence.Kernel && !lane.Given {
			writeWrapped(out, "  ", "This machine does not tell reasons; some are inferred. "+lane.Why)
		}
	}
}

// writeWrapped writes text in lines of 80 columns, the first behind the
// bullet, the others below the text.
func writeWrapped(w io.Writer, bullet, text string) {
	const width = 80
	indent := strings.Repeat(" ", len(bullet))
	line, begun := bullet, false
	for word := range strings.FieldsSeq(text) {
		if begun && len(line)+1+len(word) > width {
			fmt.Fprintln(w, line)
			line, begun = indent, false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	fmt.Fprintln(w, line)
}

func completeTerms(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	terms, err := glossary()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, t := range terms {
		if len(t.Names) > 1 {
			names = append(names, cobra.CompletionWithDesc(t.Names[0], t.Names[1]))
		} else {
			names = append(names, t.Names[0])
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
