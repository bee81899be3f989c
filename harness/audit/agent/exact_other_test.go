//go:build !linux

package agent_test

// watchful is asked for on Linux only.
func watchful() {}
