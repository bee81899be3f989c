package render_test

import (
	"bytes"
	"html"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// traced is a report of two cells whose system calls were seen.
func traced() *verdict.Report {
	lost := result("P10.close/data-rst/once/read", verdict.TruncatedOK)
	lost.Trace = &verdict.Trace{
		Says: "after the strike read() told it nothing of the RST, and it did not ask again", Left: 2,
		Calls: []verdict.TracedCall{
			{At: -768 * time.Microsecond, PID: 31, Text: `write(19, "GET /r\x1b"..., 206) = 206`},
			{At: 51 * time.Microsecond, Took: 2 * time.Millisecond, PID: 31, Text: `read(19, "<b>"..., 65536) = 165`},
		},
	}
	other := result("P7/rst/once/write", verdict.Hung)
	other.Trace = &verdict.Trace{Says: "read() returned ECONNRESET 3ms after the strike", Otherwise: &verdict.Verdict{
		Outcomes: []verdict.Outcome{verdict.Surfaced}, Hygiene: []verdict.Hygiene{verdict.Clean}, Reason: "an error",
	}}
	return report(lost, other)
}

func TestTraces(t *testing.T) {
	golden(t, "traces", matrix(t, traced(), render.Style{Said: true}))
	if short := matrix(t, traced(), render.Style{}); strings.Contains(short, "write(19") || !strings.Contains(short, "read() told it nothing") {
		t.Errorf("without the calls it is\n%s", short)
	}
	for _, form := range []struct {
		name  string
		write func(*bytes.Buffer) error
		calls bool
	}{
		{"JUnit", func(b *bytes.Buffer) error { return render.JUnit(b, traced()) }, true},
		{"the page", func(b *bytes.Buffer) error { return render.Page(b, traced()) }, true},
		{"Markdown", func(b *bytes.Buffer) error { return render.Markdown(b, traced()) }, false},
	} {
		var out bytes.Buffer
		if err := form.write(&out); err != nil {
			t.Fatal(err)
		}
		text := html.UnescapeString(out.String())
		wants := []string{"its system calls", "read() told it nothing of the RST", "it came out otherwise, and the verdict stays: SURFACED: an error"}
		if form.calls {
			wants = append(wants, `read(19, "<b>"..., 65536) = 165, after 2ms`, "and 2 other calls")
		}
		for _, want := range wants {
			if !strings.Contains(strings.ReplaceAll(text, "Its system", "its system"), want) {
				t.Errorf("%s lacks %q", form.name, want)
			}
		}
	}
}

func TestTracesInJSON(t *testing.T) {
	var out bytes.Buffer
	if err := render.JSON(&out, traced()); err != nil {
		t.Fatal(err)
	}
	got, err := render.ReadJSON(&out)
	if err != nil || !reflect.DeepEqual(got.Cells, traced().Cells) {
		t.Errorf("got %+v, %v", got, err)
	}
}
