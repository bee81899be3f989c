//go:build !linux

package spec

// OpenDescriptors lists nothing where there is no /proc.
func OpenDescriptors() map[string]string { return nil }

// openProcesses lists nothing where there is no /proc.
func openProcesses() map[string]string { return nil }
