package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
)

// oneLine fails if an error has several lines.
func oneLine(t *testing.T, text string, err error) {
	t.Helper()
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q: said %q", text, err)
	}
}

// FuzzParseListen reads addresses to listen on; what is read is one.
func FuzzParseListen(f *testing.F) {
	for _, text := range []string{"7000", "127.0.0.1:0", "[::1]:70000", "localhost:80", ":80", "", "::1", "[fe80::1%eth0]:1", "\x1b:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := cli.ParseListen(text)
		if err != nil {
			oneLine(t, text, err)
		} else if again, err := cli.ParseListen(at.String()); err != nil || again != at {
			t.Errorf("%q is %v, and that %v (%v)", text, at, again, err)
		}
	})
}

// FuzzParseBudget reads the limits of an audit; none of them is below zero.
func FuzzParseBudget(f *testing.F) {
	for _, text := range []string{"time=10s,attempts=20,late=5s,quiet=2s,stall=50ms", "time=1ns", "x", "time=", "time=1s,time=2s", ",", "stall=-1s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := cli.ParseBudget(text)
		if err != nil {
			oneLine(t, text, err)
		} else if l.Time < 0 || l.Attempts < 0 || l.Late < 0 || l.Quiet < 0 || l.Stall < 0 {
			t.Errorf("%q is %+v", text, l)
		}
	})
}

// FuzzReadRecordings reads files of recordings, one behind the other, and what
// it has read once more from what it writes.
func FuzzReadRecordings(f *testing.F) {
	small, err := os.ReadFile(recordings + "/refused.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(small), "", "{}", "[]", `{"version":1,"level":"observed"}{"version":1,"level":"inferred"}`, "\x7fELF"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := cli.ReadRecordings(bytes.NewReader(text))
		if err != nil {
			oneLine(t, string(text), err)
			return
		}
		var written bytes.Buffer
		for _, r := range all {
			if err := r.Write(&written); err != nil {
				t.Fatal(err)
			}
		}
		again, err := cli.ReadRecordings(&written)
		if err != nil || len(again) != len(all) {
			t.Errorf("%d recordings became %d: %v", len(all), len(again), err)
		}
	})
}
