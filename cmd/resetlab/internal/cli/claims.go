package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/claims"
)

func newClaims() *cobra.Command {
	return &cobra.Command{
		Use:   "claims",
		Short: "Run all specs and judge what the documents say by them",
		Long: `Claims runs every spec once and prints each statement of the three documents
with its verdict: what was observed on this machine just now, compared with
what the document says is seen.`,
		Args: cobra.NoArgs,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			var observations []claims.Observation
			order := suite.Order{Specs: texts(suite.Scenarios())}
			err := runQuietly(cmd, order, func(r suite.Result) {
				if r.State == suite.Passed {
					observations = append(observations, r.Observations...)
				}
			})
			if failed := (*specsFailed)(nil); err != nil && !errors.As(err, &failed) {
				return err
			}
			for _, c := range claims.All() {
				verdict := claims.Judge(c, observations)
				fmt.Fprintf(cmd.OutOrStdout(), "%v\n    %s: %s\n", verdict, c.Document, c.Says)
			}
			return err
		}),
	}
}
