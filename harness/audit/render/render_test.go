package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

// result makes one with a verdict.
func result(id string, outcome verdict.Outcome, hygiene ...verdict.Hygiene) verdict.Result {
	c, err := point.ParseCell(id)
	if err != nil {
		panic(err)
	}
	if len(hygiene) == 0 {
		hygiene = []verdict.Hygiene{verdict.Clean}
	}
	return verdict.Result{
		ID: id, Place: c.Place, Fault: c.Fault, Repeat: c.Repeat, Operation: c.Operation, Strikes: 1, Executed: 1, Got: -1, Want: 65,
		Attempts: []verdict.Attempt{{At: 20 * time.Microsecond, Connection: 1, ToServer: 20, Struck: true}},
		Verdict:  verdict.Verdict{Outcomes: []verdict.Outcome{outcome}, Hygiene: hygiene, Reason: "so it was"}, Duration: 1234 * time.Microsecond,
	}
}

// sample is a report with something of everything.
func sample() *verdict.Report {
	twice := result("P7/rst/once/write", verdict.Duplicated)
	twice.Executed, twice.Verdict.Reason = 2, "executed 2 times, and the client reports success"
	twice.Attempts = append(twice.Attempts, verdict.Attempt{At: time.Millisecond, Connection: 2, ToServer: 20, ToClient: 66})
	twice.Cut = &verdict.CutBytes{Toward: harness.Client, Before: []byte{}, After: []byte("done <id>\n\x00\xff")}
	expected := result("P10.chunk/fin/always/read", verdict.TruncatedOK, verdict.PoolPoisoned)
	expected.Expected, expected.FollowUp = "ticket 42", "EOF"
	odd := result("P10.chunk/fin/always/write", verdict.SurfacedMasked)
	odd.Verdict.Reason = "the wire showed finished, the error says \x1b[31m\"reset\"\n<script>alert(1)</script> & | `x` @all"
	odd.Chain = []string{"*url.Error: Get \x1b]0;title\a", "*errors.errorString: <b>no</b>"}
	odd.Ending = harness.Reset
	hung := result("P7/rst/always/write", verdict.Hung, verdict.LeakGoroutine)
	hung.Verdict.Reason = odd.Verdict.Reason
	return &verdict.Report{
		Version: verdict.ReportVersion, Subject: "shop client", Protocol: "http/1.1", Seed: 42, Started: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC),
		Duration: 1500 * time.Millisecond,
		Cells: []verdict.Result{
			result("P0/refuse/always/read", verdict.Surfaced), result("P0/refuse/always/write", verdict.Surfaced),
			result("P7/rst/once/read", verdict.RetriedRead), twice,
			result("P7/rst/always/read", verdict.Surfaced), hung,
			result("P7/fin/once/read", verdict.RetriedRead), result("P7/fin/once/write", verdict.Unimplemented),
			expected, odd,
		},
		Places: []verdict.PlaceNote{
			{ID: "P0", Says: "nobody listens at the address"},
			{ID: "P7", Says: "the request is executed; the first byte of the reply is withheld, and this sentence is longer than a line"},
			{ID: "P10.chunk", Says: "half of a chunk has arrived"},
		},
		Unmet: []string{"line 3: P12/*/*/* LOST-OK known since May"},
	}
}

// golden compares got with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs, -update accepts it; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func matrix(t *testing.T, r *verdict.Report, s render.Style) string {
	t.Helper()
	var text strings.Builder
	if err := render.Matrix(&text, r, s); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestMatrix(t *testing.T) { golden(t, "matrix", matrix(t, sample(), render.Style{})) }

// TestMatrixFits every width, and says the same with colours as without.
func TestMatrixFits(t *testing.T) {
	r := sample()
	for _, repeat := range []point.Repeat{"2x", "10x", point.Backend} {
		for _, operation := range point.Operations() {
			r.Cells = append(r.Cells, result(point.Cell{Place: "P7", Fault: "rst", Repeat: repeat, Operation: operation}.ID(),
				verdict.DuplicatedError, verdict.LeakProcess, verdict.PoolPoisoned))
		}
	}
	for _, width := range []int{1, 60, 80, 100, 200} {
		text := matrix(t, r, render.Style{Width: width})
		for line := range strings.Lines(text) {
			if got := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); got > max(width, 60) {
				t.Errorf("width %d: a line of %d columns: %s", width, got, line)
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("width %d: an escape sequence without colour", width)
		}
		for _, c := range r.Cells {
			if c.Verdict.Bad() && !strings.Contains(text, c.ID) {
				t.Errorf("width %d: %s is bad and not listed", width, c.ID)
			}
		}
		colored := matrix(t, r, render.Style{Width: width, Color: true})
		for _, code := range []string{"1;31", "33", "36", "32", "1", "0"} {
			colored = strings.ReplaceAll(colored, "\x1b["+code+"m", "")
		}
		trimmed := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		if trimmed(colored) != trimmed(text) {
			t.Errorf("width %d: with colours it says something else", width)
		}
	}
}

// TestAClassThatIsNotToldIsNotSaidToBe: the legend promises no more than is known.
func TestAClassThatIsNotToldIsNotSaidToBe(t *testing.T) {
	told, without := result("P7/rst/once/read", verdict.Surfaced), result("P7/fin/once/read", verdict.Surfaced)
	without.Untold, without.Chain = true, []string{"*fmt.wrapError: exit status 56: curl: (56) Recv failure"}
	told.Chain = []string{"*net.OpError: read: connection reset by peer"}
	uncounted := told
	uncounted.Executed = -1
	const class, most, unclassed = "an error of the class that the wire showed", "executed at most once", "an error; its class was not told"
	for _, c := range []struct {
		name      string
		cells     []verdict.Result
		has, lack []string
	}{
		{"told", []verdict.Result{told}, []string{class, most}, []string{unclassed, "error?"}},
		{"not told", []verdict.Result{without}, []string{unclassed, "error?"}, []string{class, most}},
		{"both", []verdict.Result{told, without}, []string{class, unclassed}, nil},
		{"not counted", []verdict.Result{uncounted}, []string{class}, []string{most}},
	} {
		r := &verdict.Report{Version: verdict.ReportVersion, Subject: "client", Protocol: "lines", Cells: c.cells}
		var markdown, page strings.Builder
		if err := errors.Join(render.Markdown(&markdown, r), render.Page(&page, r)); err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{
			"matrix": matrix(t, r, render.Style{Width: 120}), "markdown": markdown.String(), "page": page.String(),
		} {
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("%s: the %s has no %q", c.name, form, want)
				}
			}
			for _, not := range c.lack {
				if strings.Contains(text, not) {
					t.Errorf("%s: the %s has %q", c.name, form, not)
				}
			}
		}
		said := matrix(t, r, render.Style{Said: true})
		if plain := matrix(t, r, render.Style{}); strings.Contains(plain, "What the client said") ||
			len(c.cells[0].Chain) > 0 && !strings.Contains(said, ": "+c.cells[0].Said()+"\n") {
			t.Errorf("%s: what the client said: %s", c.name, said)
		}
	}
}

func TestJUnit(t *testing.T) {
	var text bytes.Buffer
	if err := render.JUnit(&text, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "junit", text.String())
	var file struct {
		Suites []struct {
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, c := range file.Suites[0].Cases {
		if c.Failure != nil {
			failed++
		}
	}
	if failed != 3 || file.Suites[0].Failures != 3 { // two bad cells, and an expectation that is met no more
		t.Errorf("%d failures, and it says %d, want 3", failed, file.Suites[0].Failures)
	}
}

func TestMarkdown(t *testing.T) {
	var text strings.Builder
	if err := render.Markdown(&text, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "markdown", text.String())
	if strings.Contains(text.String(), "<script>") || strings.ContainsRune(text.String(), 0x1b) {
		t.Error("what an error says is not escaped")
	}
}

func TestBadge(t *testing.T) {
	void := &verdict.Report{Cells: []verdict.Result{{Verdict: verdict.Verdict{Outcomes: []verdict.Outcome{verdict.Broken}, Hygiene: []verdict.Hygiene{verdict.Clean}}}}}
	for name, reports := range map[string][]*verdict.Report{"badge": {sample()}, "badge_nothing": {void}} {
		var text strings.Builder
		if err := render.Badge(&text, reports...); err != nil {
			t.Fatal(err)
		}
		golden(t, name, text.String())
	}
}

// TestAnnotations: what a client is called, and says, cannot give GitHub other
// commands.
func TestAnnotations(t *testing.T) {
	r := sample()
	r.Subject = "curl, 100 %\n::set-output name=x::y"
	var text strings.Builder
	if err := render.Annotations(&text, "", r); err != nil {
		t.Fatal(err)
	}
	golden(t, "annotations", text.String())
	text.Reset()
	if err := render.Annotations(&text, "clients/shop, 1.py", r, r, r, r, r, r); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), "\n::error ") + 1; got != 10 || !strings.Contains(text.String(), "more\n") || strings.Count(text.String(), " file=clients/shop%2C 1.py,title=") < got {
		t.Errorf("%d errors, want 10, the last of which counts the rest:\n%s", got, &text)
	}
}

// TestNothingProved: such a cell is neither good nor bad, in every form.
func TestNothingProved(t *testing.T) {
	never := verdict.Verdict{
		Outcomes: []verdict.Outcome{verdict.NotStruck}, Hygiene: []verdict.Hygiene{verdict.Clean}, Reason: "after 0 attempts",
	}
	broken := verdict.Verdict{
		Outcomes: []verdict.Outcome{verdict.Broken}, Hygiene: []verdict.Hygiene{verdict.Clean}, Reason: "too many open files",
	}
	r := &verdict.Report{Version: verdict.ReportVersion, Subject: "client", Protocol: "lines", Cells: []verdict.Result{{
		ID: "P7/rst/once/read", Place: "P7", Fault: point.RST, Repeat: point.Once, Operation: point.Read,
		Verdict: never, First: &broken,
	}}}
	for name, c := range map[string]struct {
		write func(io.Writer) error
		want  []string
	}{
		"matrix": {func(w io.Writer) error { return render.Matrix(w, r, render.Style{}) }, []string{
			"1 cell · 0 bad · 1 unproven · 0 good", "?unstruck", "? P7/rst/once/read NOT-STRUCK", "after 0 attempts",
			"at first, before it was run again alone: BROKEN: too many open files", "? nothing is proved",
		}},
		"junit": {func(w io.Writer) error { return render.JUnit(w, r) }, []string{
			`failures="0" errors="1"`, `<error message="NOT-STRUCK: after 0 attempts" type="NOT-STRUCK">`,
		}},
		"markdown": {func(w io.Writer) error { return render.Markdown(w, r) }, []string{"### Nothing is proved", "? unstruck"}},
		"page":     {func(w io.Writer) error { return render.Page(w, r) }, []string{`unproven`, "1 unproven"}},
	} {
		var text strings.Builder
		if err := c.write(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, text.String())
			}
		}
	}
	if len(r.Bad()) != 0 || len(r.Unproven()) != 1 {
		t.Errorf("%d bad, %d unproven, want 0 and 1", len(r.Bad()), len(r.Unproven()))
	}
}
