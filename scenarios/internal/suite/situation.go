package scenarios

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// registered are the situations of this binary, as their files register them.
var registered []catalogue.Situation

// Situations returns the situations that are registered, without their specs,
// which Ginkgo has. On another system some are missing.
func Situations() []catalogue.Situation { return slices.Clone(registered) }

// The keys of the labels by which a spec says what it is.
const (
	situationKey = "situation:" // the name of its situation
	specKey      = "spec:"      // its own name within that, where it is to last
	routeKey     = "route:"
)

// situation registers a situation and its specs.
func situation(s catalogue.Situation, specs func()) bool {
	GinkgoHelper()
	registered = append(registered, s)
	labels := Label(situationKey+s.Name, "cause:"+s.Cause)
	if c, ok := causes.Find(s.Cause); ok && c.Group != c.Name {
		labels = append(Label("cause:"+c.Group), labels...)
	}
	return Describe(s.Title, append(labels, s.Labels...), specs)
}

// named gives a spec, or the specs of a table, a name that lasts: files refer to
// it.
func named(name string) Labels { return Label(specKey + name) }

// via says by which route a spec reaches the server.
func via(route lab.Route) Labels { return Label(routeKey + string(route)) }

// byRoute makes an entry of a table for each route, which is all that differs.
func byRoute(routes ...lab.Route) []TableEntry {
	GinkgoHelper()
	var entries []TableEntry
	for _, route := range routes {
		entries = append(entries, Entry("("+string(route)+")", route, via(route), limit))
	}
	return entries
}

// SpecOf describes the spec that a report is of. The name is made of the labels
// or, if it is not to last, of the text.
func SpecOf(report types.SpecReport) (situation string, spec catalogue.Spec) {
	hierarchy := report.ContainerHierarchyTexts
	if len(hierarchy) == 0 {
		return "", spec
	}
	spec = catalogue.Spec{
		Text: report.FullText(), Table: strings.Join(hierarchy[1:], " "),
		Short: strings.TrimPrefix(report.FullText(), hierarchy[0]+" "),
	}
	own := ""
	for _, label := range report.Labels() {
		switch key, value, _ := strings.Cut(label, ":"); key + ":" {
		case situationKey:
			situation = value
		case specKey:
			own = value
		case routeKey:
			spec.Route = value
		default:
			spec.Labels = append(spec.Labels, label)
		}
	}
	spec.Lasting = own != ""
	if !spec.Lasting {
		own = slug(strings.TrimSuffix(spec.Short, "("+spec.Route+")"))
	}
	spec.Name = situation + "/" + own
	if spec.Route != "" {
		spec.Name += "/" + spec.Route
	}
	return situation, spec
}

// slug makes a name of a text.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}
