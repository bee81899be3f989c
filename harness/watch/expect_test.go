package watch_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

func TestExpectations(t *testing.T) {
	d := event(func(e *watch.Event) { e.Reason, e.Call, e.Unaccepted = "TCP_STATE", "close", true }).Diagnose(0)
	nobody := event(func(e *watch.Event) {
		e.Reason, e.Call, e.Unaccepted, e.Owner = "TCP_STATE", "close", true, watch.Owner{}
	}).Diagnose(0)
	for _, test := range []struct {
		line           string
		covers, nobody bool
	}{
		{"nginx:8080 listener-closed a restart", true, false},
		{"ngin? refused|listener-closed a restart", true, false},
		{"*:* * all", true, true},
		{"* listener-closed all", true, true},
		{"nginx:8081 listener-closed another port", false, false},
		{"nginx:8080 refused another cause", false, false},
		{"redis* listener-closed another program", false, false},
	} {
		list, err := watch.ParseExpectations(strings.NewReader("# known\n\n" + test.line + "\n"))
		if err != nil || len(list) != 1 || list[0].Line != 3 {
			t.Fatalf("%q: %+v, %v", test.line, list, err)
		}
		if got := list[0].Covers(&d); got != test.covers {
			t.Errorf("%q: covers %v, want %v", test.line, got, test.covers)
		}
		if got := list[0].Covers(&nobody); got != test.nobody {
			t.Errorf("%q: covers nobody's %v, want %v", test.line, got, test.nobody)
		}
	}
	for _, bad := range []string{
		"nginx", "nginx refused", "nginx:0 refused x", "nginx:http refused x", "nginx no-such x", "[ refused x", ":80 refused x",
		strings.Repeat("x", 5000),
	} {
		if _, err := watch.ParseExpectations(strings.NewReader(bad)); err == nil {
			t.Errorf("%.40q is taken", bad)
		}
	}
}

// Whatever is read, what it means is the same for what is written of it.
func FuzzParseExpectations(f *testing.F) {
	f.Add("nginx:8080 listener-closed|refused a restart")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := watch.ParseExpectations(strings.NewReader(text))
		for i := range list {
			if err != nil || list[i].Reason == "" || list[i].Program == "" || list[i].Line < 1 {
				t.Errorf("%q: %+v, %v", text, list[i], err)
			}
		}
	})
}
