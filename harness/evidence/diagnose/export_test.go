package diagnose

import "slices"

// RuleNames are the lines of all tables, in words.
func RuleNames() []string {
	var names []string
	for _, table := range [][]rule{senders(), reasons(), words()} {
		for _, r := range table {
			names = append(names, r.when)
		}
	}
	return names
}

// Kept returns how many facts the connection keeps.
func Kept(c *Connection) int { return len(c.facts) }

// FactsKept is how many it keeps at most.
const FactsKept = factsKept

// MultipathReason returns the reason that a RST itself tells.
var MultipathReason = multipathReason

// WireRuleNames are the lines of the table of the wire, in words.
func WireRuleNames() []string {
	var names []string
	for _, r := range wireRules() {
		names = append(names, r.when)
	}
	return names
}

// offTheWire are the causes of which no segment of TCP can tell, and why.
func offTheWire() map[string]string {
	return map[string]string{"datagram-refused": "it is of UDP"}
}

// A View is what a wire can tell of a cause.
type View struct {
	// OneEnd and BothEnds are its pictures by where was captured.
	OneEnd, BothEnds []string
	// Told says by picture whether it has no other cause with both ends captured.
	Told map[string]bool
	// RST says whether any of its pictures has one.
	RST bool
	// Off says why the wire shows nothing of it; "" if it does.
	Off string
}

// ViewOf returns what a wire can tell of a cause of package causes.
func ViewOf(cause string) View {
	v := View{Told: map[string]bool{}, Off: offTheWire()[cause]}
	silent := silentPictures()
	for _, p := range Pictures() {
		both := p.BothEnds
		if both == nil {
			both = p.Causes
		}
		if slices.Contains(p.Causes, cause) {
			v.OneEnd = append(v.OneEnd, p.Name)
			v.RST = v.RST || !slices.ContainsFunc(silent, func(s Picture) bool { return s.Name == p.Name })
		}
		if slices.Contains(both, cause) {
			v.BothEnds = append(v.BothEnds, p.Name)
			v.Told[p.Name] = len(both) == 1
		}
	}
	return v
}
