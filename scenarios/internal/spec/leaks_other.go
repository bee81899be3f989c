//go:build !linux

package scenarios

// openDescriptors lists nothing where there is no /proc.
func openDescriptors() map[string]string { return nil }

// openProcesses lists nothing where there is no /proc.
func openProcesses() map[string]string { return nil }
