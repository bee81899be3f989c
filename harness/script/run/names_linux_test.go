package run_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// TestNames: a bound socket has its name, and a call that waits in a listener
// whose descriptors are gone ends with the script, although another socket has
// the number of its descriptor by then.
func TestNames(t *testing.T) {
	r := start(t, run.Options{})
	for _, text := range []string{
		"client bind; client sockname -> client",
		"listener listen; server/two accept -> waits; listener dup as copy; listener close; client listen -> ok",
		"listener listen; server/two accept -> waits; listener close; client listen -> ok",
	} {
		result, err := r.Run(t.Context(), parse(t, text))
		if err != nil || result.Answer.Verdict() != script.Held {
			t.Errorf("%v\n%s", err, result.Answer.Text())
		}
	}
}
