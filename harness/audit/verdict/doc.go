// Package verdict has the words for what a client made of the faults of an
// audit, and the reports of it, which are kept as JSON. Package audit makes
// them, package render shows them.
package verdict
