//go:build !linux

package cli

// networks says why there are no private networks.
func networks() (missing string, lacking []string) {
	return "they are made of Linux' network namespaces", nil
}
