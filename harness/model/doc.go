// Package model says what the Linux kernel would do with a script of
// harness/script, without a kernel.
//
//	scripts, _ := script.Parse(`client write "ab"; server read 1; server close; client write "c"`)
//	for _, answer := range model.Outcomes(scripts[0]) { fmt.Print(answer.Text()) }
//
// It is the socket layer of all ends as one machine. A call changes its end and
// sends segments; they arrive at once and are acknowledged or answered with a
// RST, as on a loopback device when all is quiet again; calls that waited and
// were woken go on. Each rule has its kernel function (Linux 6.18) and, where
// RFC 9293 has one, its section beside it. A test makes the same calls on a
// kernel and compares.
//
// It has no time, no loss and no sizes of buffers. What depends on them, and
// whatever else is not covered, ends the answer with "not modelled": it never
// guesses.
package model
