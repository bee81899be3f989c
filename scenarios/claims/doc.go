// Package claims holds what the three documents say about "connection reset by
// peer", each statement as a [Claim], and judges it by what was observed.
//
// The documents are an operator's FAQ on layer-4 health checks (elb), a long
// guide to causes and remedies with Go programs (guide), and a collection of
// forum explanations (jby). A claim is in our own words. [Judge] compares what
// it says is seen with each [Observation] that a spec attached, and only where
// every spec about the claim passed; [JudgeReal] does that for the specs that are
// made with real programs, by their versions. What is printed is always computed; what is
// expected is written down as [Pins], by which a run tells that something changed.
package claims
