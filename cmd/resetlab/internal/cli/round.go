package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
)

// round runs the specs once, shows them as they end and returns what was
// recorded.
func (f *runFlags) round(
	cmd *cobra.Command, specs []string, show *display, total *summary,
) ([]*evidence.Recording, error) {
	var all []*evidence.Recording
	var broken error
	err := suite.Run(cmd.Context(), suite.Order{Specs: specs, Record: true}, func(r suite.Result) {
		all = append(all, r.Recordings...)
		total.add(r)
		broken = errors.Join(broken, show.spec(r))
	})
	return all, errors.Join(err, broken)
}

// A summary counts what became of specs.
type summary struct {
	began                   time.Time
	passed, failed, skipped int
	endings                 tally
}

func (s *summary) add(result suite.Result) {
	switch result.State {
	case suite.Passed:
		s.passed++
	case suite.Failed:
		s.failed++
	default:
		s.skipped++
	}
	s.endings.add(result)
}

func (s *summary) String() string {
	parts := []string{fmt.Sprintf("%d passed", s.passed)}
	if s.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d FAILED", s.failed))
	}
	if s.skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", s.skipped))
	}
	return fmt.Sprintf("%s · %.1f s", strings.Join(parts, " · "), time.Since(s.began).Seconds())
}

// A display shows specs as they end: with cards in a single round, otherwise
// only those that failed.
type display struct {
	cmd    *cobra.Command
	out    io.Writer
	style  cardStyle
	bar    progress
	single bool
}

func (d *display) spec(result suite.Result) error {
	d.bar.step()
	if !d.single && result.State != suite.Failed {
		return nil
	}
	d.bar.clear()
	out := d.out
	fmt.Fprintln(out, specLine(result))
	for _, r := range result.Recordings {
		fmt.Fprintln(out)
		if err := d.style.draw(out, r); err != nil {
			return err
		}
	}
	if calls := scriptOf(result.Spec); calls != "" {
		fmt.Fprintf(out, " as a script %s\n", commandLine("try", calls))
	}
	if len(result.Recordings) > 0 {
		fmt.Fprintln(out)
	}
	return nil
}

// mostWhy bounds how many lines of a failure are shown.
const mostWhy = 40

func specLine(result suite.Result) string {
	line := fmt.Sprintf("%-7s %s", result.State, result.Text)
	switch result.State {
	case suite.Passed:
		return fmt.Sprintf("%s (%.1f ms)", line, result.Duration.Seconds()*1000)
	case suite.Skipped:
		return line + ": " + terminal.Line(result.Why)
	}
	line = strings.ToUpper(line[:7]) + line[7:] + "\n    at " + result.At
	why := strings.Split(strings.TrimSpace(terminal.Printable(result.Why)), "\n")
	if len(why) > mostWhy {
		why = append(why[:mostWhy], "…")
	}
	for _, text := range why {
		line += "\n    " + text
	}
	return line + "\n    again: " + commandLine("run", result.Spec)
}

// round tells, where there is no bar, that a round is over.
func (d *display) round(number, of int, total *summary) {
	if d.bar.bar == nil {
		fmt.Fprintf(d.cmd.ErrOrStderr(), "round %d of %d, so far: %v\n", number, of, total)
	}
}
