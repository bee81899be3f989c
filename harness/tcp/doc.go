// Package tcp has the words in which everything here speaks of a connection:
//
//	Ending   how it ended, as one end saw it: Reset, BrokenPipe, Finished, …
//	Op       a call on it: Read, Write, Close, Abort, …
//	Call     one call and its result
//	Outcome  what one end saw of it: its calls, and the first that failed
//	State    where in its life the kernel has it: StateEstablished, …
//	Reason   why the kernel sent a RST, with what the name hides
//
// [EndingOf] finds the Ending in an error of any Go program. The package is
// made of the standard library alone, calls no kernel and builds for every
// system, a browser's included.
package tcp
