// Package suite is what the suites of scenarios have in common outside of their
// specs: which situations there are, how the specs are run, and what a run is
// said to have shown. Whoever imports it has its suite end with the claims table.
package suite
