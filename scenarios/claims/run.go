package claims

import (
	"slices"
	"strings"
)

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
	// Programs are the real programs that the spec is made with, known also
	// where it did not run. A spec of toy programs has none.
	Programs []string
	// By is those programs with their versions: "haproxy 2.6, java 17". It is
	// empty where they were not asked, as they are not where the spec skipped
	// itself for lack of one.
	By string
	// Saw is what it observed. Only the observations of specs that passed count.
	Saw []Observation
}

// programKey is the key of the labels that name the real programs of a spec.
const programKey = "real:"

// Programs returns the real programs that a spec with these labels is made with,
// in their order. A spec of toy programs has none.
func Programs(labels []string) []string {
	var names []string
	for _, label := range labels {
		if name, is := strings.CutPrefix(label, programKey); is {
			names = append(names, name)
		}
	}
	return names
}

// newerKey is the key of the labels that name a version.
const newerKey = "newer:"

// Newer is the label of a spec that takes a version of its program which is
// newer than what is commonly installed: "openssh-9.8". It skips itself where
// that is not there, and then nothing is missing.
func Newer(version string) []string { return []string{newerKey + version} }

// MayBeMissing says whether a spec with these labels is one of [Newer].
func MayBeMissing(labels []string) bool {
	return slices.ContainsFunc(labels, func(label string) bool { return strings.HasPrefix(label, newerKey) })
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
