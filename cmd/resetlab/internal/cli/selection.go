package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

// choose keeps the scenarios and specs that are named: a scenario by its name
// or title, a spec by its text. No names keep all.
func choose(all []suite.Scenario, names []string) ([]suite.Scenario, error) {
	if len(names) == 0 {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		found := false
		for _, s := range all {
			for _, spec := range s.Specs {
				if is(name, s.Name, s.Title, spec.Text) {
					wanted[spec.Text], found = true, true
				}
			}
		}
		if !found {
			return nil, unknown("scenario", name, scenarioNames(all), "resetlab list")
		}
	}
	return suite.Keep(all, func(_ suite.Scenario, spec suite.Spec) bool { return wanted[spec.Text] }), nil
}

// is says whether what was typed is one of the names, whatever the case.
func is(typed string, names ...string) bool {
	for _, name := range names {
		if strings.EqualFold(typed, name) {
			return true
		}
	}
	return false
}

func scenarioNames(all []suite.Scenario) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}

// texts names the specs of scenarios.
func texts(scenarios []suite.Scenario) []string {
	var all []string
	for _, s := range scenarios {
		for _, spec := range s.Specs {
			all = append(all, spec.Text)
		}
	}
	return all
}

// completeScenarios offers the names of the scenarios to the shell.
func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, s := range suite.Scenarios() {
		names = append(names, cobra.CompletionWithDesc(s.Name, s.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
