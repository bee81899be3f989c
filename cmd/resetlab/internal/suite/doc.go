// Package suite lists and runs the specs of package scenarios in a program
// that is not a test.
//
// Ginkgo runs a suite once in a process and writes to its standard output, so
// each round is a child: the running binary, executed again.
//
//	parent                         child
//	  Run ── stdin ─────────────▶  Be: the order, a line; its end ends the round
//	      ◀── stdout ────────────  one Result a line
//	      ◀── stderr ────────────  what Ginkgo prints
package suite
