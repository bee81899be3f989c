// Package script has the notation in which somebody asks what happens if two
// ends of a TCP connection do this and that: one call a line, who calls, what,
// and, if one likes to say it beforehand, what comes of it.
//
//	# The server reads one byte and closes; the client goes on.
//	client write "ab"      → 2
//	server read 1          → "a"
//	server close
//	client write "c"       → ECONNRESET
//	client read 10
//
// [Parse] reads scripts and says what is wrong with them by line and column;
// [Script.Steps] are the lines in the order of their calls, with those that go
// without saying. What comes of each is a [Result]: harness/script/run has it
// from the kernel. An [Answer] has the results of all lines, beside what was
// expected. [Verbs] says what can be called.
//
// Names of errors are those of errno(3), events those of poll(2), states those
// of RFC 9293 in the kernel's spelling. The package calls no kernel and builds
// for every system, a browser's included.
package script
