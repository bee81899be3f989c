package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/scenarios"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	_ "github.com/resetlab/resetlab/scenarios/real" // whose specs are among those of this binary
)

// Situations asks Ginkgo for the situations of this binary and their specs, by
// name, without running anything. It takes a while, which [catalogue.All] does
// not; what that has comes from here.
func Situations() []catalogue.Situation {
	byName := map[string]*catalogue.Situation{}
	for _, s := range scenarios.Situations() {
		s.Drawing, s.Script = strings.Trim(s.Drawing, "\n"), strings.TrimPrefix(s.Script, "\n")
		s.Labels = nil // those of the specs are added
		byName[s.Name] = &s
	}
	for _, report := range ginkgo.PreviewSpecs("").SpecReports {
		if !report.LeafNodeType.Is(types.NodeTypeIt) {
			continue
		}
		name, spec := scenarios.SpecOf(report)
		if s := byName[name]; s != nil {
			s.File = inProject(report.ContainerHierarchyLocations[0].FileName)
			s.Add(spec)
		}
	}
	var all []catalogue.Situation
	for _, s := range byName {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b catalogue.Situation) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// inProject is the path of a situation's file in the directory of the project.
func inProject(file string) string {
	const directory = "/scenarios/"
	file = strings.ReplaceAll(file, "\\", "/")
	return file[strings.LastIndex(file, directory)+1:]
}

// Labelled keeps the specs whose labels match the filter, written in Ginkgo's
// language for it, and the situations that still have some.
func Labelled(all []catalogue.Situation, filter string) ([]catalogue.Situation, error) {
	matches, err := types.ParseLabelFilter(filter)
	if err != nil {
		return nil, fmt.Errorf("label filter %q: %s; such as 'cause: containsAny unread' or '!(needs: containsAny netns)'",
			filter, complaint(err))
	}
	return catalogue.Keep(all, func(_ catalogue.Situation, spec catalogue.Spec) bool { return matches(spec.Labels) }), nil
}

// complaint is what Ginkgo has against a label filter, without its colours and
// the picture above it.
func complaint(err error) string {
	said := types.GinkgoError{Message: err.Error()}
	errors.As(err, &said)
	lines := strings.Split(strings.TrimSpace(said.Message), "\n")
	last := strings.TrimSuffix(lines[len(lines)-1], ".")
	if last == "Unexpected EOF" {
		return "it ends where something must follow"
	}
	if _, of, regexp := strings.Cut(last, "error parsing regexp: "); regexp {
		last = of
	}
	return terminal.Line(last)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
