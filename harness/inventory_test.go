package harness_test

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"testing"
)

// holdings are what a proxy can leave behind in the process.
type holdings struct {
	goroutines  int // those that are in the harness or in toxiproxy
	descriptors int // sockets; 0 where the system does not tell
}

func inventory() holdings {
	return holdings{goroutines: ourGoroutines(), descriptors: sockets()}
}

// expectInventory waits until no more is held than before: the last goroutines
// of a link return a moment after they have said that they are done.
func expectInventory(t *testing.T, before holdings) {
	t.Helper()
	await(t, "an end of goroutines and sockets", func() bool { return !inventory().exceeds(before) })
}

// exceeds says whether there is more of anything than before.
func (h holdings) exceeds(before holdings) bool {
	return h.goroutines > before.goroutines || h.descriptors > before.descriptors
}

// ourGoroutines counts the goroutines that a proxy has started. The profile
// has a paragraph for each.
func ourGoroutines() int {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 2)
	count := 0
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, "github.com/resetlab/resetlab/harness.") ||
			strings.Contains(stack, "github.com/Shopify/toxiproxy/") {
			count++
		}
	}
	return count
}
