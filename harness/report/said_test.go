package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/tcp"
)

// speech is a recording of what a program at each end says: so many lines, of
// which the first is hostile and the second is long.
func speech(lines int) *evidence.Recording {
	r := &evidence.Recording{Version: evidence.Version, Level: evidence.AppOnly, Scenario: "speech",
		Hosts: []evidence.Host{{Name: "client"}, {Name: "server"}}}
	for _, host := range []string{"client", "server"} {
		for i := range lines {
			text := fmt.Sprintf("line %d", i)
			switch i {
			case 0:
				text = "\x1b[2J</text><script>alert(1)</script>\r\u202e"
			case 1:
				text = strings.Repeat("a long line ", 40)
			}
			r.Events = append(r.Events, evidence.Event{At: time.Duration(len(r.Events)) * time.Millisecond, Flow: -1,
				Host: host, Line: &evidence.Line{Program: "daemon", Text: text, Cut: i == 2}})
		}
		r.Events = append(r.Events, evidence.Event{At: time.Duration(len(r.Events)) * time.Millisecond, Flow: -1,
			Host: host, Exit: &evidence.Exit{Program: "daemon", Status: -1, Signal: "killed"}})
	}
	return r
}

// What programs say is drawn, harmless, in few lines, with a count of what is
// left out.
func TestWhatProgramsSay(t *testing.T) {
	var page, mermaid strings.Builder
	r := speech(20)
	if err := report.Page(&page, []*evidence.Recording{r}, report.PageOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := report.Mermaid(&mermaid, r); err != nil {
		t.Fatal(err)
	}
	drawn := card(t, r, report.CardOptions{})
	for form, text := range map[string]string{"card": drawn, "page": page.String(), "mermaid": mermaid.String()} {
		for _, want := range []string{"daemon: line 2", "line 18", "14 lines more", "killed"} {
			if !strings.Contains(strings.ReplaceAll(text, "&hellip;", "…"), want) {
				t.Errorf("the %s lacks %q", form, want)
			}
		}
		if form == "page" { // the recording itself is data there, and its controls are escaped
			text, _, _ = strings.Cut(text, `<script type="application/json"`)
		}
		if strings.ContainsAny(text, "\x1b\r\u202e") || form != "card" && strings.Contains(text, "<script>alert") {
			t.Errorf("the %s has what is not harmless", form)
		}
		if strings.Contains(text, "line 10") && form == "card" {
			t.Errorf("the %s has what was to be left out:\n%s", form, text)
		}
	}
	if n := strings.Count(drawn, "a long line a long line"); n > 2*5 {
		t.Errorf("a long line takes %d lines of the card:\n%s", n, drawn)
	}
	for line := range strings.Lines(drawn) {
		if n := len([]rune(line)); n > 81 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A line that is read between a call and what it sends does not part them.
func TestALinePartsNothing(t *testing.T) {
	r := load(t, "closing_with_unread_data")
	steps := len(report.CardSteps(r, report.CardOptions{}))
	at := 0
	for i, e := range r.Events {
		if e.Call != nil && e.Call.Op == "close" && e.Host == "server" {
			at = i + 1
		}
	}
	said := evidence.Event{At: r.Events[at-1].At, Flow: -1, Host: "server", Line: &evidence.Line{Program: "x", Text: "bye"}}
	r.Events = append(r.Events[:at:at], append([]evidence.Event{said}, r.Events[at:]...)...)
	r.Resets = nil // their indices are others now
	if got := len(report.CardSteps(r, report.CardOptions{})); got != steps+1 {
		t.Errorf("%d steps, want the %d and the line", got, steps)
	}
}

// What strace tells of a call that failed is the name of an errno, which is shown
// where no word of ours stands for it; so is a connect that goes on.
func TestErrnoNames(t *testing.T) {
	r := &evidence.Recording{Version: evidence.Version, Level: evidence.AppOnly, Scenario: "errno names",
		Hosts: []evidence.Host{{Name: "client"}, {Name: "server"}},
		Flows: []evidence.Flow{{Client: "10.0.0.1:1", Server: "10.0.0.2:2", ClientHost: "client", ServerHost: "server"}}}
	for i, call := range []tcp.Call{
		{Op: tcp.Connect, Ending: tcp.Open, Error: "EINPROGRESS"},
		{Op: tcp.SocketError, Ending: tcp.Refused, Error: "ECONNREFUSED"},
		{Op: tcp.Shutdown, Ending: tcp.Other, Error: "ENOTCONN"},
	} {
		r.Events = append(r.Events, evidence.Event{At: time.Duration(i) * time.Second, Host: "client",
			Call: &evidence.Call{Call: call, Conn: 1}})
	}
	drawn := card(t, r, report.CardOptions{})
	for _, want := range []string{"EINPROGRESS │", "ECONNREFUSED │", "ENOTCONN │"} {
		if !strings.Contains(strings.Join(strings.Fields(drawn), " "), want) {
			t.Errorf("no %q in\n%s", want, drawn)
		}
	}
}
