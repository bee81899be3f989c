package diagnose

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
