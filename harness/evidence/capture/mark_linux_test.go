package capture_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

func TestParseOverruns(t *testing.T) {
	const stats = "entries: 6\noverrun: 3\ncommit overrun: 0\nbytes: 512\noldest event ts:     0.000000\n" +
		"now ts:   449.102039\ndropped events: 2\nread events: 9\n" // as Linux 6.18 writes them
	if lost, err := capture.ParseOverruns(stats); err != nil || lost != 5 {
		t.Errorf("got %d, %v, want 5", lost, err)
	}
	for _, text := range []string{"", "overrun: 3\n", "overrun: x\ndropped events: 1\n", "overrun: -1\ndropped events: 1\n"} {
		if lost, err := capture.ParseOverruns(text); err == nil {
			t.Errorf("%q gave %d, want an error", text, lost)
		}
	}
}

func FuzzParseOverruns(f *testing.F) {
	f.Add("overrun: 3\ndropped events: 2\n")
	f.Fuzz(func(_ *testing.T, text string) { capture.ParseOverruns(text) })
}
