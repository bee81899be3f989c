//go:build !linux

package cli

// systemToys are those that only Linux can run.
func systemToys() []toy { return nil }
