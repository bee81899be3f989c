package spec

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// Situation registers a situation and its specs.
func Situation(s catalogue.Situation, specs func()) bool {
	GinkgoHelper()
	suite.Register(s)
	labels := Label(suite.SituationKey+s.Name, "cause:"+s.Cause)
	if c, ok := causes.Find(s.Cause); ok && c.Group != c.Name {
		labels = append(Label("cause:"+c.Group), labels...)
	}
	return Describe(s.Title, append(labels, s.Labels...), specs)
}

// Named gives a spec, or the specs of a table, a name that lasts: files refer to
// it.
func Named(name string) Labels { return Label(suite.SpecKey + name) }

// Via says by which route a spec reaches the server.
func Via(route lab.Route) Labels { return Label(suite.RouteKey + string(route)) }

// ByRoute makes an entry of a table for each route, which is all that differs.
func ByRoute(routes ...lab.Route) []TableEntry {
	GinkgoHelper()
	var entries []TableEntry
	for _, route := range routes {
		entries = append(entries, Entry("("+string(route)+")", route, Via(route), Limit))
	}
	return entries
}
