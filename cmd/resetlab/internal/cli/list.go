package cli

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
)

func newList() *cobra.Command {
	var label, claim, cause string
	var asJSON bool
	command := &cobra.Command{
		Use:   "list [TEXT]...",
		Short: "List the scenarios",
		Long: `List shows every scenario with its specs, labels and routes. With TEXT it shows
those specs that contain every TEXT in their scenario's name or their own text.
With --claim it shows those that are about a statement of the documents, with
--cause those that show a cause of package causes. If one scenario is left it is
shown with its drawing, what each end sees, its cure and the names of its specs.`,
		Example: `  resetlab list unread
  resetlab list --cause linger-zero
  resetlab list --label 'cause: containsAny unread'
  resetlab list --claim go-read
  resetlab list --json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			found, err := suite.Labelled(catalogue.All(), label)
			if err != nil {
				return badInput(err)
			}
			found = catalogue.Keep(found, func(s catalogue.Situation, spec catalogue.Spec) bool {
				return containsAll(s.Name+"\n"+spec.Text, args)
			})
			if cause != "" {
				if found, err = withCause(found, cause); err != nil {
					return err
				}
			}
			if claim != "" {
				if found, err = bearingOn(found, claims.ID(claim)); err != nil {
					return err
				}
			}
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(append([]catalogue.Situation{}, found...))
			}
			if len(found) == 0 {
				return badInputf("no spec matches: 'resetlab list' shows all")
			}
			writeList(cmd.OutOrStdout(), found)
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&label, "label", "", "only specs whose labels match this `FILTER`, in Ginkgo's language")
	flags.StringVar(&cause, "cause", "", "only scenarios with the cause of this `NAME`")
	flags.StringVar(&claim, "claim", "", "only specs that are about the claim with this `ID`")
	flags.BoolVar(&asJSON, "json", false, "as a JSON array of scenarios")
	noError(command.RegisterFlagCompletionFunc("claim", completeClaims))
	noError(command.RegisterFlagCompletionFunc("cause", completeCauses))
	return command
}

func containsAll(text string, parts []string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(parts, func(part string) bool {
		return !strings.Contains(text, strings.ToLower(part))
	})
}

// withCause keeps the situations that have a cause.
func withCause(found []catalogue.Situation, name string) ([]catalogue.Situation, error) {
	if _, ok := causes.Find(name); !ok {
		return nil, unknown("cause", name, causeNames(), "resetlab explain --help")
	}
	return slices.DeleteFunc(found, func(s catalogue.Situation) bool { return s.Cause != name }), nil
}

// bearingOn keeps the specs that are about the claim.
func bearingOn(found []catalogue.Situation, claim claims.ID) ([]catalogue.Situation, error) {
	var ids []string
	for _, c := range claims.All() {
		ids = append(ids, string(c.ID))
	}
	if !slices.Contains(ids, string(claim)) {
		return nil, unknown("claim", string(claim), ids, "resetlab claims")
	}
	return catalogue.Keep(found, func(_ catalogue.Situation, spec catalogue.Spec) bool {
		return slices.Contains(claims.Labelled(spec.Labels), claim)
	}), nil
}

func completeCauses(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, c := range causes.All() {
		names = append(names, cobra.CompletionWithDesc(c.Name, c.What))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func completeClaims(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, c := range claims.All() {
		ids = append(ids, cobra.CompletionWithDesc(string(c.ID), c.Says))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// noError is for what can only fail by a mistake in this program.
func noError(err error) {
	if err != nil {
		panic(err)
	}
}
