// Package causes says why connections die, as data: for each cause its name,
// what the kernel calls it, why it happens and what cures it, and which words of
// programs point to it.
//
//	what somebody pasted ──▶ Search ──▶ Phrase ──▶ Pointer ──▶ Cause ──▶ cure, scenario
//	reason of the kernel ─────────────▶ ByReason ────────────▶ Cause
//
// It is pure: it makes no system call, imports the standard library and
// harness/tcp alone, and builds for GOOS=js. The names of causes never change, so
// that programs may store them. A cause names the scenario that shows it by a
// string; package scenarios proves that it exists.
package causes
