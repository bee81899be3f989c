package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
)

func newList() *cobra.Command {
	var label, claim string
	var asJSON bool
	command := &cobra.Command{
		Use:   "list [TEXT]...",
		Short: "List the scenarios",
		Long: `List shows every scenario with its specs, labels and routes. With TEXT it shows
those specs that contain every TEXT in their scenario's name or their own text.
With --claim it shows those that are about a statement of the documents.`,
		Example: `  resetlab list unread
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
			writeList(cmd.OutOrStdout(), found)
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&label, "label", "", "only specs whose labels match this `FILTER`, in Ginkgo's language")
	flags.StringVar(&claim, "claim", "", "only specs that are about the claim with this `ID`")
	flags.BoolVar(&asJSON, "json", false, "as a JSON array of scenarios")
	noError(command.RegisterFlagCompletionFunc("claim", completeClaims))
	return command
}

func containsAll(text string, parts []string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(parts, func(part string) bool {
		return !strings.Contains(text, strings.ToLower(part))
	})
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

// manyEntries is how many entries of a table a list of several scenarios
// shows.
const manyEntries = 8

func writeList(w io.Writer, found []catalogue.Situation) {
	most := manyEntries
	if len(found) == 1 {
		most = len(found[0].Specs)
	}
	for i, s := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.Name)
		fmt.Fprintf(w, "  %s\n", strings.Join(append([]string{s.Title, s.File}, s.Labels...), " · "))
		for _, line := range specLines(s.Specs, most) {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
}

// specLines puts the entries of a table into one line if they differ in the
// route alone, or if they are more than most.
func specLines(specs []catalogue.Spec, most int) []string {
	entries, routes := map[string]int{}, map[string][]string{}
	byRoute := func(s catalogue.Spec) bool { return s.Route != "" && s.Short == s.Table+" ("+s.Route+")" }
	for _, spec := range specs {
		entries[spec.Table]++
		if byRoute(spec) {
			routes[spec.Table] = append(routes[spec.Table], spec.Route)
		}
	}
	var lines []string
	told := map[string]bool{}
	for _, spec := range specs {
		line := spec.Short
		switch {
		case spec.Table == "":
		case byRoute(spec):
			line = spec.Table + " · " + strings.Join(routes[spec.Table], ", ")
		case entries[spec.Table] > most:
			line = fmt.Sprintf("%s · %d entries", spec.Table, entries[spec.Table])
		}
		if !told[line] {
			lines = append(lines, line)
		}
		told[line] = true
	}
	return lines
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
