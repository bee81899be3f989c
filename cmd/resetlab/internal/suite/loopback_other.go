//go:build !linux

package suite

// raiseLoopback does nothing: only Linux has network namespaces of one's own.
func raiseLoopback() error { return nil }
