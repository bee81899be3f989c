// Package evidence is the record of what really happened in a run, on one time
// line from four lanes:
//
//	calls     what each end called and got
//	wire      every segment of the run's connections
//	kernel    socket states, and why a RST was sent
//	counters  what the kernel counted
//
// [Recording.Missing] names the lanes that a machine does not give, and
// [Recording.Gaps] says when one did not see all; the [Level] says what the rest
// is worth. Each [Reset] says who sent a RST, why, and what was lost. Package
// capture gives the facts, diagnose judges them, and record joins both with the
// run of a lab. The package is pure, and builds for a browser.
package evidence
