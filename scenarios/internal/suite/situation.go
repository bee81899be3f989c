package suite

import (
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// registered are the situations of this binary, as their files register them.
var registered []catalogue.Situation

// Register adds a situation to [Situations].
func Register(s catalogue.Situation) { registered = append(registered, s) }

// Situations returns the situations that are registered, without their specs,
// which Ginkgo has. On another system some are missing.
func Situations() []catalogue.Situation { return slices.Clone(registered) }

// The keys of the labels by which a spec says what it is.
const (
	SituationKey = "situation:" // the name of its situation
	SpecKey      = "spec:"      // its own name within that, where it is to last
	RouteKey     = "route:"
)

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
		case SituationKey:
			situation = value
		case SpecKey:
			own = value
		case RouteKey:
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
