package claims

import "strings"

// A State is what became of a spec in one run of the suite.
type State string

const (
	Passed  State = "passed"
	Failed  State = "failed"   // also one that panicked or ran into its time limit
	Skipped State = "skipped"  // it was chosen but did not come to its end: it skipped itself or was interrupted
	LeftOut State = "left out" // a filter left it out
)

// A Run is one spec in one run of the suite, as far as claims are concerned.
type Run struct {
	About []ID // the claims that the spec is about, known also where it did not run
	State State
	// Saw is what it observed. Only the observations of specs that passed count.
	Saw []Observation
}

// labelKey is the key of the labels that name claims.
const labelKey = "claim:"

// Labels are the labels of a spec that is about these claims, in Ginkgo's form
// of key and value: claim:go-read.
func Labels(ids ...ID) []string {
	labels := []string{}
	for _, id := range ids {
		labels = append(labels, labelKey+string(id))
	}
	return labels
}

// Labelled returns the claims that a spec with these labels is about.
func Labelled(labels []string) []ID {
	var ids []ID
	for _, label := range labels {
		if id, is := strings.CutPrefix(label, labelKey); is {
			ids = append(ids, ID(id))
		}
	}
	return ids
}
