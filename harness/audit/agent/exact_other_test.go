//go:build !linux

package agent_test

// These are asked for on Linux only.
func watchful() {}
func blind()    {}
func hasty()    {}
