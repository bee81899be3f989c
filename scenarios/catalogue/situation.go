package catalogue

import (
	"slices"
	"strings"
)

// A Situation is one file of package scenarios.
type Situation struct {
	Name    string `json:"name"`    // never changes: "closing-with-unread-data"
	Title   string `json:"title"`   // what happens, the subject of what its specs say
	Cause   string `json:"cause"`   // the name of a cause of package causes
	Drawing string `json:"drawing"` // the exchange, time downwards
	Client  string `json:"client"`  // what the client's end sees
	Server  string `json:"server"`  // what the server's end sees
	Twin    string `json:"twin"`    // what differs in the twin, and what is seen then
	// Script shows it by sockets alone, in the notation of package script: what
	// each script is called is a spec's name behind that of the situation. Where
	// sockets alone cannot show it, Unscripted says why, in a phrase. A situation
	// of real programs has neither.
	Script     string `json:"script,omitempty"`
	Unscripted string `json:"unscripted,omitempty"`
	// Labels are those of its specs: "cause:unread", "needs:netns".
	Labels []string `json:"labels,omitempty"`

	// What follows is found out by make tables.

	File   string   `json:"file"`
	System string   `json:"system,omitempty"` // the only system on which it is; empty: every one
	Routes []string `json:"routes,omitempty"` // of its specs
	Specs  []Spec   `json:"specs"`
}

// A Spec is one spec of a situation.
type Spec struct {
	// Name names it: that of the situation, its own behind a slash, and behind
	// another the route if it is there once for each.
	Name string `json:"name"`
	// Lasting says that its own name is given to it and stays. Others are made
	// of their text and change with it.
	Lasting bool     `json:"lasting,omitempty"`
	Text    string   `json:"text"`            // with the situation's title, as Ginkgo says it
	Short   string   `json:"short"`           // without that
	Table   string   `json:"table,omitempty"` // the text of the table that it is an entry of
	Route   string   `json:"route,omitempty"`
	Labels  []string `json:"labels,omitempty"`
}

// All returns every situation, by name, those of other systems included.
func All() []Situation { return slices.Clone(situations) }

// Find returns the situation of that name. ok is false if there is none.
func Find(name string) (s Situation, ok bool) {
	i := slices.IndexFunc(situations, func(s Situation) bool { return s.Name == name })
	if i < 0 {
		return Situation{}, false
	}
	return situations[i], true
}

// FindSpec returns the spec of that name. ok is false if there is none.
func FindSpec(name string) (spec Spec, ok bool) {
	for _, s := range situations {
		for _, spec := range s.Specs {
			if spec.Name == name {
				return spec, true
			}
		}
	}
	return Spec{}, false
}

// Names says whether a name that somebody gives is that of the spec: all of it,
// or its beginning up to a slash.
func (s Spec) Names(name string) bool {
	return s.Name == name || strings.HasPrefix(s.Name, name+"/")
}

// Keep keeps the specs that keep says yes to, and the situations that still
// have some.
func Keep(all []Situation, keep func(Situation, Spec) bool) []Situation {
	var kept []Situation
	for _, s := range all {
		some := s
		some.Specs, some.Labels, some.Routes = nil, nil, nil
		for _, spec := range s.Specs {
			if keep(s, spec) {
				some.Add(spec)
			}
		}
		if len(some.Specs) > 0 {
			kept = append(kept, some)
		}
	}
	return kept
}

// Add adds a spec, its labels and its route.
func (s *Situation) Add(spec Spec) {
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
