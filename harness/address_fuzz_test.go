package harness_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// FuzzUpstream: an address that cannot be one is refused in one line, before
// anything is started.
func FuzzUpstream(f *testing.F) {
	for _, text := range []string{"127.0.0.1:80", "[::1]:443", "shop:8080", ":80", "x", "h:0", "h:70000", "\x1b:1", "h:1:2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, address string) {
		// DrainTimeout is refused after the address is found good.
		_, err := harness.StartProxy(address, harness.Options{DrainTimeout: -1})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want one line", address, err)
		}
	})
}
