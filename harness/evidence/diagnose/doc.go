// Package diagnose says who reset a TCP connection, and why.
//
//	facts of one connection ──▶ Connection ──▶ Verdicts: sender, reason, causes
//	what is beyond it ──────▶ Surroundings       what decided it, how sure
//
// A [Connection] takes what is known of one connection, fact by fact: segments,
// calls, kernel events, states. None of them is necessary; what is missing makes
// the verdict weaker, and the verdict says so ([evidence.Level]). It can be asked
// at any time, and is bounded. [Recording] judges a whole recording.
//
// [Connection.Diagnoses] go by the segments alone, as in a capture from elsewhere,
// guess the stacks of the ends, and name all causes that show the same [Picture].
//
// The rules are the tables in rules.go and wirerules.go, to be read from top to
// bottom. Nothing is concluded from the absence of a fact unless its source saw
// all that happened at the time ([evidence.Gap]). The package is pure: it knows
// no operating system, and builds for a browser.
package diagnose
