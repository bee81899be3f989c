// Package evidence is the record of what really happened in a run, on one time
// line from four lanes:
//
//	calls     what each end called and got
//	wire      every segment of the run's connections
//	kernel    socket states, and why a RST was sent
//	counters  what the kernel counted
//
// A lane that a machine does not give is named in [Recording.Missing], one that
// did not see all in [Recording.Gaps]; the [Level] says what the rest is worth.
// For each RST the recording answers who sent it, why, and what was lost: see
// [Reset].
//
// The package is pure: it calls no kernel and builds for every system, a
// browser's included. Facts stream from package capture, package diagnose judges
// them, package record joins both with the run of a lab.
package evidence
