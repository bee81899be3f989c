//go:build !linux

package cli_test

// forbid forbids nothing: user namespaces are Linux's.
func forbid() {}
