// Package script has the notation in which somebody asks what happens if two ends
// of a TCP connection do this and that: one call a line, and what is expected of it.
//
//	client write "ab"      → 2
//	server read 1          → "a"
//	server close
//	client write "c"       → ECONNRESET
//
// What comes of a line is a [Result], from the kernel (harness/script/run) or from
// harness/model. Errors have the names of errno(3), events those of poll(2), states
// those of RFC 9293 in the kernel's spelling. [Verbs] says what can be called.
package script
