package suite

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/harness/lab"
	_ "github.com/resetlab/resetlab/scenarios" // registers the specs
)

// A Scenario is one file of package scenarios.
type Scenario struct {
	Name   string   `json:"name"`  // from the file's name, as "closing-with-unread-data"
	Title  string   `json:"title"` // of its container
	File   string   `json:"file"`
	Labels []string `json:"labels,omitempty"` // of all its specs
	Routes []string `json:"routes,omitempty"` // of all its specs
	Specs  []Spec   `json:"specs"`
}

// A Spec is one spec of a scenario.
type Spec struct {
	Text   string   `json:"text"`            // the whole of it, which names it
	Short  string   `json:"short"`           // without the container's text
	Table  string   `json:"table,omitempty"` // the text of the table that it is an entry of
	Line   int      `json:"line"`
	Labels []string `json:"labels,omitempty"`
	Route  string   `json:"route,omitempty"` // if its text names one
}

// Scenarios lists what there is, by name, without running anything.
func Scenarios() []Scenario {
	byFile := map[string]*Scenario{}
	for _, report := range ginkgo.PreviewSpecs("").SpecReports {
		if !report.LeafNodeType.Is(types.NodeTypeIt) {
			continue
		}
		file := path.Base(strings.ReplaceAll(report.FileName(), "\\", "/"))
		s := byFile[file]
		if s == nil {
			s = &Scenario{Name: nameOf(file), Title: report.ContainerHierarchyTexts[0], File: "scenarios/" + file}
			byFile[file] = s
		}
		s.add(specOf(report))
	}
	var all []Scenario
	for _, s := range byFile {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func nameOf(file string) string {
	stem := strings.TrimSuffix(file, ".go")
	stem = strings.TrimSuffix(stem, "_linux")
	return strings.ReplaceAll(stem, "_", "-")
}

// specOf describes the spec of a report.
func specOf(report types.SpecReport) Spec {
	title, table := report.ContainerHierarchyTexts[0], strings.Join(report.ContainerHierarchyTexts[1:], " ")
	spec := Spec{Text: report.FullText(), Table: table, Line: report.LineNumber(), Labels: report.Labels()}
	spec.Short = strings.TrimPrefix(spec.Text, title+" ")
	words := strings.FieldsFunc(report.LeafNodeText, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range words {
		switch lab.Route(word) {
		case lab.Direct, lab.Proxied, lab.Stock:
			spec.Route = word
		}
	}
	return spec
}

func (s *Scenario) add(spec Spec) {
	s.Specs = append(s.Specs, spec)
	for _, label := range spec.Labels {
		if !slices.Contains(s.Labels, label) {
			s.Labels = append(s.Labels, label)
		}
	}
	if spec.Route != "" && !slices.Contains(s.Routes, spec.Route) {
		s.Routes = append(s.Routes, spec.Route)
	}
}

// Labelled keeps the specs whose labels match the filter, written in Ginkgo's
// language for it, and the scenarios that still have some.
func Labelled(all []Scenario, filter string) ([]Scenario, error) {
	matches, err := types.ParseLabelFilter(filter)
	if err != nil {
		return nil, fmt.Errorf("label filter %q: %s; such as 'cause: containsAny unread' or '!(needs: containsAny netns)'",
			filter, complaint(err))
	}
	return Keep(all, func(_ Scenario, spec Spec) bool { return matches(spec.Labels) }), nil
}

// Keep keeps the specs that keep says yes to, and the scenarios that still
// have some.
func Keep(all []Scenario, keep func(Scenario, Spec) bool) []Scenario {
	var kept []Scenario
	for _, s := range all {
		some := s
		some.Specs, some.Labels, some.Routes = nil, nil, nil
		for _, spec := range s.Specs {
			if keep(s, spec) {
				some.add(spec)
			}
		}
		if len(some.Specs) > 0 {
			kept = append(kept, some)
		}
	}
	return kept
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
		return of
	}
	return last
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
