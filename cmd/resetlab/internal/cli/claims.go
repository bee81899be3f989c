package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
)

func newClaims() *cobra.Command {
	return &cobra.Command{
		Use:   "claims",
		Short: "Run all specs and judge what the documents say by them",
		Long: `Claims runs every spec once and prints each statement of the three documents
with its verdict: what was observed on this machine just now, compared with
what the document says is seen. A claim is judged only if all specs that are
about it passed. The cards of specs that failed go to standard error.`,
		Args: noArguments,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			all := situationsHere()
			ran := map[string]suite.Result{}
			var failed []suite.Result
			err := runQuietly(cmd, suite.Order{Specs: specNames(all), Record: true}, func(r suite.Result) {
				if r.State == suite.Failed {
					failed = append(failed, r)
				}
				r.Recordings = nil // hundreds, which nobody looks at
				ran[r.Spec] = r
			})
			shown := showFailed(cmd.ErrOrStderr(), failed)
			if marked := (*specsFailed)(nil); err != nil && !errors.As(err, &marked) {
				return err
			}
			// Standard output remembers that it could not be written to, which is
			// said beside what failed.
			_, _ = claims.Tabulate(runsOf(all, ran)).WriteTo(cmd.OutOrStdout())
			return errors.Join(err, shown)
		}),
	}
}

// runsOf says what became of every spec; those without a result did not run.
func runsOf(all []catalogue.Situation, ran map[string]suite.Result) []claims.Run {
	var runs []claims.Run
	for _, s := range all {
		for _, spec := range s.Specs {
			r := ran[spec.Name]
			run := claims.Run{About: claims.Labelled(spec.Labels), State: claims.Skipped,
				Programs: claims.Programs(spec.Labels), By: r.By}
			switch r.State {
			case suite.Passed:
				run.State, run.Saw = claims.Passed, r.Observations
			case suite.Failed:
				run.State = claims.Failed
			default:
				if claims.MayBeMissing(spec.Labels) {
					continue
				}
			}
			runs = append(runs, run)
		}
	}
	return runs
}

// mostFailed bounds how many specs that failed are shown with their cards.
const mostFailed = 10

// showFailed shows specs that failed as the command run does, and how to run
// them again.
func showFailed(w io.Writer, failed []suite.Result) error {
	for _, r := range failed[:min(len(failed), mostFailed)] {
		fmt.Fprintln(w, specLine(r))
		for _, recording := range r.Recordings {
			fmt.Fprintln(w)
			if err := (cardStyle{color: "auto"}).draw(w, recording); err != nil {
				return err
			}
		}
		fmt.Fprintln(w)
	}
	return nil
}
