package cli

import (
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// situationsHere are those that can be run on this system.
func situationsHere() []catalogue.Situation {
	return slices.DeleteFunc(catalogue.All(), func(s catalogue.Situation) bool {
		return s.System != "" && s.System != runtime.GOOS
	})
}

// choose keeps the situations and specs of this system that are named: a
// situation by its name or title, specs by theirs or its beginning up to a slash.
// No names keep all.
func choose(names []string) ([]catalogue.Situation, error) {
	all := situationsHere()
	if len(names) == 0 {
		return all, nil
	}
	var wanted []catalogue.Spec
	for _, name := range names {
		found := named(all, name)
		if len(found) == 0 {
			return nil, notHere(name)
		}
		wanted = append(wanted, found...)
	}
	return catalogue.Keep(all, func(_ catalogue.Situation, spec catalogue.Spec) bool {
		return slices.ContainsFunc(wanted, func(w catalogue.Spec) bool { return w.Name == spec.Name })
	}), nil
}

// named returns the specs that somebody means by a name.
func named(all []catalogue.Situation, name string) []catalogue.Spec {
	var found []catalogue.Spec
	for _, s := range all {
		whole := strings.EqualFold(name, s.Name) || strings.EqualFold(name, s.Title)
		for _, spec := range s.Specs {
			if whole || spec.Names(strings.ToLower(name)) {
				found = append(found, spec)
			}
		}
	}
	return found
}

// notHere says that nothing of this system has that name.
func notHere(name string) error {
	all := catalogue.All()
	if len(named(all, name)) > 0 {
		i := slices.IndexFunc(all, func(s catalogue.Situation) bool { return len(named([]catalogue.Situation{s}, name)) > 0 })
		return badInputf("%s needs %s", name, all[i].System)
	}
	situation, _, _ := strings.Cut(name, "/")
	if s, ok := catalogue.Find(situation); ok {
		return unknown("spec", name, specNames([]catalogue.Situation{s}), "resetlab list "+situation)
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return unknown("scenario", name, names, "resetlab list")
}

// specNames names the specs of situations.
func specNames(situations []catalogue.Situation) []string {
	var all []string
	for _, s := range situations {
		for _, spec := range s.Specs {
			all = append(all, spec.Name)
		}
	}
	return all
}

// completeScenarios offers the names of the scenarios to the shell, and behind a
// slash those of its specs.
func completeScenarios(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, s := range situationsHere() {
		if !strings.HasPrefix(typed, s.Name+"/") {
			names = append(names, cobra.CompletionWithDesc(s.Name, s.Title))
			continue
		}
		for _, spec := range s.Specs {
			names = append(names, cobra.CompletionWithDesc(spec.Name, spec.Text))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// aboutSituation says what is known of the situation that a recording is of.
func aboutSituation(r *evidence.Recording) report.About {
	name, _, _ := strings.Cut(r.Spec, "/")
	s, ok := catalogue.Find(name)
	if !ok {
		return report.About{}
	}
	c, _ := causes.Find(s.Cause)
	return report.About{Cause: c.What, Cure: c.Cure, Twin: s.Twin, Again: "resetlab run " + r.Spec}
}
