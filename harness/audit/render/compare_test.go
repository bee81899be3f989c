package render_test

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

func TestJSONThereAndBack(t *testing.T) {
	var text bytes.Buffer
	if err := render.JSON(&text, sample()); err != nil {
		t.Fatal(err)
	}
	got, err := render.ReadJSON(&text)
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestReadJSONSaysWhatIsWrong(t *testing.T) {
	const cell = `{"id":"P7/rst/once/write","place":"P7","fault":"rst","repeat":"once","operation":"write",` +
		`"verdict":{"outcome":"HUNG","hygiene":["CLEAN"]}}`
	for text, want := range map[string]string{
		"":                               "it is empty",
		"{":                              "it is cut off",
		"no":                             "it is no JSON from byte 2 on",
		"[]":                             "a JSON array: want an object",
		"{}":                             "no version",
		`{"version":3}`:                  "version 3: this program reads versions 1 to 2",
		`{"version":-1}`:                 "version -1: this program reads versions 1 to 2",
		`{"version":1}`:                  "no protocol: is this the report of an audit",
		`{"version":1,"protocol":"x"}{}`: "something follows",
		`{"version":1,"shard":3}`:        "shard 3 of 0",
		`{"version":1,"cells":[{}]}`:     "PLACE/FAULT",
		`{"version":1,"cells":["P7"]}`:   "its cells is a string",
		`{"version":1,"cells":[` + cell + "," + cell + "]}":                              "there twice",
		`{"version":1,"cells":[` + strings.Replace(cell, `"P7"`, `"P8"`, 1) + "]}":       "another one",
		`{"version":1,"cells":[` + strings.Replace(cell, `HUNG`, `HANGED`, 1) + "]}":     `no outcome "HANGED"`,
		`{"version":2,"cells":[` + strings.Replace(cell, `"HUNG"`, `""`, 1) + "]}":       "no outcome",
		`{"version":1,"cells":[` + strings.Replace(cell, `"CLEAN"`, ``, 1) + "]}":        "no hygiene",
		`{"version":1,"cells":[` + strings.Replace(cell, `"CLEAN"`, `"DIRTY"`, 1) + "]}": `no hygiene "DIRTY"`,
	} {
		_, err := render.ReadJSON(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", text, err, want)
		}
	}
}

// TestReadJSONReadsVersion1, in which a verdict had one outcome.
func TestReadJSONReadsVersion1(t *testing.T) {
	old, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.ReadJSON(bytes.NewReader(old))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.Cells {
		got = append(got, c.ID+" "+c.Verdict.String())
	}
	want := []string{"P7/rst/once/write DUPLICATED", "P7/rst/always/write STORM", "P10.length/fin/once/read TRUNCATED-OK"}
	if !reflect.DeepEqual(got, want) || r.Version != verdict.ReportVersion {
		t.Errorf("version %d, %q, want %d, %q", r.Version, got, verdict.ReportVersion, want)
	}
}

// TestTwoOutcomesOfACell are in every form of a report.
func TestTwoOutcomesOfACell(t *testing.T) {
	both := result("P7/rst/always/write", verdict.Duplicated)
	both.Verdict.Outcomes = append(both.Verdict.Outcomes, verdict.Storm)
	r := report(both)
	for name, c := range map[string]struct {
		write func(io.Writer) error
		want  []string
	}{
		"matrix":   {func(w io.Writer) error { return render.Matrix(w, r, render.Style{}) }, []string{"✗DUPLICATE+STORM", "DUPLICATE  DUPLICATED:", "STORM      STORM:"}},
		"junit":    {func(w io.Writer) error { return render.JUnit(w, r) }, []string{`type="DUPLICATED STORM"`}},
		"markdown": {func(w io.Writer) error { return render.Markdown(w, r) }, []string{"| DUPLICATED STORM |", "- DUPLICATE: ", "- STORM: "}},
		"page":     {func(w io.Writer) error { return render.Page(w, r) }, []string{"DUPLICATE&#43;STORM", "<dt>STORM</dt>"}},
		"json":     {func(w io.Writer) error { return render.JSON(w, r) }, []string{`"DUPLICATED",`, `"STORM"`}},
	} {
		var text bytes.Buffer
		if err := c.write(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the %s has no %q:\n%s", name, want, text.String())
			}
		}
	}
	for _, other := range []verdict.Outcome{verdict.Duplicated, verdict.Storm} {
		alone := result("P7/rst/always/write", other)
		if d, err := render.Diff(report(alone), r); err != nil || !d.Regression() {
			t.Errorf("from %s alone to both: %+v, %v, want a regression", other, d, err)
		}
		if d, err := render.Diff(r, report(alone)); err != nil || len(d.Better) != 1 {
			t.Errorf("from both to %s alone: %+v, %v, want it better", other, d, err)
		}
	}
}

// FuzzReadJSON: what is read can be shown in every form.
func FuzzReadJSON(f *testing.F) {
	var text bytes.Buffer
	if err := render.JSON(&text, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add([]byte(`{"version":1,"cells":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := render.ReadJSON(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		d, err := render.Diff(sample(), r)
		if err == nil {
			err = d.Write(&out)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "compare: ") {
			t.Error(err)
		}
		if _, err := render.Merge(r); err != nil {
			t.Error(err)
		}
		for _, err := range []error{
			render.Matrix(&out, r, render.Style{}), render.JUnit(&out, r), render.Markdown(&out, r), render.Page(&out, r, sample()),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func report(cells ...verdict.Result) *verdict.Report {
	return &verdict.Report{Version: verdict.ReportVersion, Subject: "client", Protocol: "lines", Cells: cells}
}

func TestDiff(t *testing.T) {
	listed := result("P11/rst/once/read", verdict.Hung)
	listed.Expected = "ticket 42"
	d, err := render.Diff(
		report(result("P1/rst/once/read", verdict.Retried), result("P5/rst/once/read", verdict.Surfaced),
			result("P6/rst/once/read", verdict.Hung), result("P7/rst/once/read", verdict.Duplicated),
			result("P8/rst/once/read", verdict.Retried), result("P9/rst/once/read", verdict.Surfaced),
			result("P10/rst/once/read", verdict.Storm), result("P11/rst/once/read", verdict.SurfacedMasked)),
		report(result("P1/rst/once/read", verdict.Surfaced), result("P5/rst/once/read", verdict.Duplicated),
			result("P6/rst/once/read", verdict.Surfaced), result("P7/rst/once/read", verdict.Duplicated),
			result("P9/rst/once/read", verdict.Surfaced, verdict.LeakFD), result("P10/rst/once/read", verdict.Duplicated),
			result("P12/rst/once/read", verdict.Hung), listed))
	if err != nil {
		t.Fatal(err)
	}
	ids := func(list []render.Change) (ids []string) {
		for _, c := range list {
			ids = append(ids, c.New.Place)
		}
		return ids
	}
	got := [][]string{ids(d.Worse), ids(d.Better), ids(d.Other), {d.Added[0].Place}, {d.Gone[0].Place}}
	want := [][]string{{"P5", "P9", "P10"}, {"P6"}, {"P1", "P11"}, {"P12"}, {"P8"}}
	if !reflect.DeepEqual(got, want) || d.Same != 1 || !d.Regression() {
		t.Errorf("%v, %d the same, want %v, 1", got, d.Same, want)
	}
	var text strings.Builder
	if err := d.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff", text.String())
	if back, err := render.Diff(report(d.Worse[0].New), report(d.Worse[0].Old)); err != nil || back.Regression() {
		t.Errorf("the way back is a regression: %v", err)
	}
}

func TestDiffNeedsSomethingInCommon(t *testing.T) {
	other := report(result("P1/rst/once/read", verdict.Retried))
	if _, err := render.Diff(sample(), other); err == nil {
		t.Error("reports of different protocols were compared")
	}
	if _, err := render.Diff(report(result("P2/rst/once/read", verdict.Retried)), other); err == nil {
		t.Error("reports without a common cell were compared")
	}
}

func TestMerge(t *testing.T) {
	first := report(result("P1/rst/once/read", verdict.Retried), result("P10/fin/once/read", verdict.Hung),
		result("client@3/fin/once/read", verdict.Hung))
	second := report(result("P1/rst/once/write", verdict.Retried), result("P5.head/rst/always/read", verdict.Hung),
		result("P5.body/rst/2x/read", verdict.Hung))
	third := report(result("P1/rst/always/read", verdict.Retried), result("P5.body/rst/once/read", verdict.Hung),
		result("P7/rst/once/read", verdict.Hung))
	first.Shard, second.Shard, third.Shard = 1, 2, 3
	first.Shards, second.Shards, third.Shards = 3, 3, 3
	whole, err := render.Merge(third, first, second)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range whole.Cells {
		ids = append(ids, c.ID)
	}
	want := "P1/rst/once/read P1/rst/once/write P1/rst/always/read P5.head/rst/always/read P5.body/rst/once/read " +
		"P5.body/rst/2x/read P7/rst/once/read P10/fin/once/read client@3/fin/once/read"
	if got := strings.Join(ids, " "); got != want || whole.Stopped != "" {
		t.Errorf("%s, %s\nwant %s", got, whole.Stopped, want)
	}
	if part, err := render.Merge(first, third); err != nil || part.Stopped != "shard 2 of 3 is missing" {
		t.Errorf("%v, %q, want that shard 2 is missing", err, part.Stopped)
	}
	if _, err := render.Merge(first, first); err == nil || !strings.Contains(err.Error(), "P1/rst/once/read is in reports 1 and 2") {
		t.Errorf("the same twice: %v", err)
	}
	if _, err := render.Merge(first, sample()); err == nil {
		t.Error("reports of different subjects were merged")
	}
	if _, err := render.Merge(); err == nil {
		t.Error("no reports were merged")
	}
}

// TestSweep shows what is not the same each time, and what was not cut.
func TestSweep(t *testing.T) {
	lost := result("server@0/rst/once/write", verdict.LostOK).Verdict
	r := &verdict.SweepReport{
		Version: verdict.ReportVersion, Subject: "a client", Protocol: "bytes", Operation: point.Write, Repeat: point.Once,
		ToServer: 76, Cells: 25, Duration: 4100 * time.Millisecond, Goodbye: 5,
		Ranges: []verdict.Range{
			{Toward: harness.Server, Fault: point.RST, First: 0, Last: 72, Verdict: lost, After: []byte("set x 0")},
			{Toward: harness.Server, Fault: point.RST, First: 73, Last: 75, Verdict: lost, Racy: []string{"LOST-OK", "UNHARMED"}},
			{Toward: harness.Server, Fault: point.RST, First: 76, Last: 76, Verdict: result("server@76/rst/once/write", verdict.Unharmed).Verdict},
		},
	}
	var text strings.Builder
	if err := render.Sweep(&text, r, func(c point.Cell) string { return "resetlab audit --cell " + c.ID() }); err != nil {
		t.Fatal(err)
	}
	golden(t, "sweep", text.String())
}

// TestOutOfTime: every form says that cells were not run, so that nobody takes the
// others for all.
func TestOutOfTime(t *testing.T) {
	r := sample()
	r.Left = 3
	for name, c := range map[string]struct {
		write func(io.Writer) error
		want  string
	}{
		"matrix":   {func(w io.Writer) error { return render.Matrix(w, r, render.Style{}) }, "not tried: 3 of 13 cells, for want of time"},
		"markdown": {func(w io.Writer) error { return render.Markdown(w, r) }, "3 of 13 cells, for want of time"},
		"page":     {func(w io.Writer) error { return render.Page(w, r) }, "not tried: 3 of 13 cells, for want of time"},
		"junit":    {func(w io.Writer) error { return render.JUnit(w, r) }, `<skipped message="not tried: 3 of 13 cells, for want of time`},
		"sarif":    {func(w io.Writer) error { return render.SARIF(w, "", r) }, "not tried: 3 of 13 cells, for want of time"},
		"badge":    {func(w io.Writer) error { return render.Badge(w, r) }, "3 not judged"},
	} {
		var text bytes.Buffer
		if err := c.write(&text); err != nil || !strings.Contains(text.String(), c.want) {
			t.Errorf("%s: %v: want %q in\n%s", name, err, c.want, &text)
		}
	}
}
