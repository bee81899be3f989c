package causes

import (
	"slices"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A Cause is one way in which a connection comes to its end.
type Cause struct {
	Name  string // never changes: "unread"
	Group string // of causes that are alike, the value of the scenarios' label "cause"
	What  string // what happened, in a phrase without a full stop
	Why   string // how that ends a connection, in sentences
	Cure  string // one or two sentences for whoever has the problem
	// Reasons are the kernel's for the RST, the usual one first. None: there is
	// no RST, or no kernel of either end has sent it.
	Reasons []tcp.Reason
	// Scenario is the name of the scenario that shows it best. It is empty only
	// where Unshown says why there is none.
	Scenario string
	Unshown  string
}

// All returns every cause, those that are alike side by side.
func All() []Cause {
	groups := groups()
	return slices.Concat(groups[:]...)
}

// groups are all causes, where they stand.
func groups() [8][]Cause {
	return [...][]Cause{closing, local, limits, lost, idle, between, handshakes, above}
}

// Find returns the cause of that name. ok is false if there is none.
func Find(name string) (c Cause, ok bool) {
	for _, group := range groups() {
		for i := range group {
			if group[i].Name == name {
				return group[i], true
			}
		}
	}
	return Cause{}, false
}

// ByReason returns the causes for which the kernel gives a reason such as
// "TCP_STATE", those first of which it is the usual one. It returns none for
// what no cause is known to have.
func ByReason(reason tcp.Reason) []Cause {
	var usual, others []Cause
	for _, c := range All() {
		switch slices.Index(c.Reasons, reason) {
		case -1:
		case 0:
			usual = append(usual, c)
		default:
			others = append(others, c)
		}
	}
	return append(usual, others...)
}
