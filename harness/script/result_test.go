package script_test

import (
	"encoding/json"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
)

// results are results of each kind, as they are written.
var results = []struct {
	verb   string // a call that gives it
	result script.Result
	want   string
}{
	{"client close", script.Result{Kind: script.OK}, "ok"},
	{"client read 10", script.Result{Kind: script.Data, Data: "a\"\n\x00ä\xff", Count: 7}, `"a\"\n\x00ä\xff"`},
	{"client write 10", script.Result{Kind: script.Count, Count: 9, Asked: 10}, "9"},
	{"client read 10", script.Result{Kind: script.EOF}, "EOF"},
	{"client read 10", script.Result{Kind: script.Failed, Errno: "ECONNRESET"}, "ECONNRESET"},
	{"client write 10", script.Result{Kind: script.Failed, Errno: "EPIPE", SIGPIPE: true}, "EPIPE SIGPIPE"},
	{"client write 10", script.Result{Kind: script.Failed, Errno: "EPIPE"}, "EPIPE alone"},
	{"client so_error", script.Result{Kind: script.None}, "none"},
	{"client poll", script.Result{Kind: script.Nothing}, "nothing"},
	{"client read 10", script.Result{Kind: script.Waits}, "waits"},
	{"client await rst", script.Result{Kind: script.NotYet}, "not yet"},
	{"client fill", script.Result{Kind: script.Full, Count: 100}, "full"},
	{"client poll", script.Result{Kind: script.Happens, Events: script.OUT | script.IN | script.RDHUP}, "IN OUT RDHUP"},
	{"client state", script.Result{Kind: script.InState, Word: "CLOSE_WAIT"}, "CLOSE_WAIT"},
	{"client drain", script.Result{Kind: script.Then, Count: 3, End: script.EOF}, "3 then EOF"},
	{"client drain", script.Result{Kind: script.Then, End: script.Failed, Errno: "ECONNRESET"}, "0 then ECONNRESET"},
	{"kernel reason of rst from client", script.Result{Kind: script.Word, Word: "TCP_STATE"}, "TCP_STATE"},
	{"client peername", script.Result{Kind: script.Word, Word: "listener"}, "listener"},
}

// TestResults: each is written as an expectation that it meets, and that no
// other one meets.
func TestResults(t *testing.T) {
	for _, test := range results {
		got := test.result.String()
		if got != test.want {
			t.Errorf("%+v is %s, want %s", test.result, got, test.want)
		}
		expect := parse(t, test.verb+" → "+got)[0].Lines[0].Expect
		for _, other := range results {
			if same := other == test; expect.Holds(other.result) != same {
				t.Errorf("%s holds for %s: %v", got, other.want, !same)
			}
		}
	}
}

// TestExpectations: what is not said is not compared.
func TestExpectations(t *testing.T) {
	data := func(text string, asked int) script.Result {
		return script.Result{Kind: script.Data, Data: text, Count: len(text), Asked: asked}
	}
	count := func(n, asked int) script.Result { return script.Result{Kind: script.Count, Count: n, Asked: asked} }
	pipe := script.Result{Kind: script.Failed, Errno: "EPIPE"}
	signal := script.Result{Kind: script.Failed, Errno: "EPIPE", SIGPIPE: true}
	drained := func(read, written int64) script.Result {
		return script.Result{Kind: script.Then, Count: int(read), End: script.Nothing, Read: read, Written: written}
	}
	for _, test := range []struct {
		line   string
		result script.Result
		holds  bool
	}{
		{`client read 10 → 2`, data("ab", 10), true},
		{`client read 10 → 2`, data("abc", 10), false},
		{`client read 10 → "ab"`, count(2, 10), false},
		{`client read 10 → some`, data("ab", 10), true},
		{`client read 0 → some`, data("", 0), false},
		{`client read 10 → partial`, data("ab", 10), true},
		{`client read 2 → partial`, data("ab", 2), false},
		{`client write 10 → partial`, count(0, 10), false},
		{`client write 10 → partial`, count(9, 10), true},
		{`client write 10 → EPIPE`, pipe, true},
		{`client write 10 → EPIPE`, signal, true},
		{`client write 10 → EPIPE SIGPIPE`, pipe, false},
		{`client write 10 → EPIPE alone`, signal, false},
		{`client write 10 → EPIPE alone or EPIPE SIGPIPE`, signal, true},
		{`client poll → IN`, script.Result{Kind: script.Happens, Events: script.IN | script.OUT}, false},
		{`client drain → all then nothing`, drained(5, 5), true},
		{`client drain → all then nothing`, drained(4, 5), false},
		{`client drain → less then nothing`, drained(4, 5), true},
		{`client drain → less then EOF`, drained(4, 5), false},
		{`client drain → some then nothing`, drained(0, 5), false},
		{`client drain → 4 then nothing`, drained(4, 5), true},
	} {
		if got := parse(t, test.line)[0].Lines[0].Expect.Holds(test.result); got != test.holds {
			t.Errorf("%s holds for %s: %v", test.line, test.result, got)
		}
	}
}

// TestSets: each thread has a result of its own, in any order.
func TestSets(t *testing.T) {
	one, yet := script.Result{Kind: script.Count, Count: 1}, script.Result{Kind: script.NotYet}
	ab := script.Result{Kind: script.Data, Data: "a", Count: 1}
	for _, test := range []struct {
		expected string
		results  []script.Result
		holds    bool
	}{
		{`{1, not yet}`, []script.Result{yet, one}, true},
		{`{1, not yet}`, []script.Result{one, one}, false},
		{`{1, not yet}`, []script.Result{one}, false},
		{`{1, "a"}`, []script.Result{ab, one}, true}, // 1 is met by both
		{`{"a", 1}`, []script.Result{one, ab}, true},
		{`{"a", "a"}`, []script.Result{one, ab}, false},
	} {
		line := parse(t, "client/a read 1; client/b read 1; client/* returns → "+test.expected)[0].Lines[2]
		if got := line.Expect.Holds(test.results...); got != test.holds {
			t.Errorf("%s holds for %v: %v", test.expected, test.results, got)
		}
	}
}

// TestAnswer: a step that is not as expected is marked, one that nobody can tell
// is not judged, and the others run on.
func TestAnswer(t *testing.T) {
	steps := parse(t, "client write \"ab\"\nclient read 1 → EOF\nserver close → ok\nkernel reason of rst from server → TCP_STATE")[0].Steps()
	came := []script.Result{
		{Kind: script.OK}, {Kind: script.OK}, {Kind: script.OK},
		{Kind: script.Count, Count: 2}, {Kind: script.Failed, Errno: "ECONNRESET"}, {Kind: script.OK},
		{Kind: script.Unknown, Word: "nobody watched"},
	}
	var answer script.Answer
	for i, step := range steps {
		answer.Steps = append(answer.Steps, script.Step{Line: step, Results: came[i : i+1]})
	}
	const want = `client write "ab"                → 2
client read 1                    → ECONNRESET                ✗ expected EOF
server close                     → ok
kernel reason of rst from server → unknown: nobody watched   ? expected TCP_STATE
`
	if got := answer.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := answer.Verdict(); got != script.Differs {
		t.Errorf("the answer is %s", got)
	}
	answer.Steps = append(answer.Steps[:4:4], answer.Steps[5:]...)
	if got := answer.Verdict(); got != script.Unjudged {
		t.Errorf("without the step that differs it is %s", got)
	}
	answer.Steps = answer.Steps[:5]
	if got := answer.Verdict(); got != script.Held {
		t.Errorf("with one that held it is %s", got)
	}
}

// TestJSON: whoever reads the answer needs no parser of scripts.
func TestJSON(t *testing.T) {
	line := parse(t, `client write "x" → EPIPE`)[0].Lines[0]
	step := script.Step{Line: line, Results: []script.Result{{Kind: script.Failed, Errno: "EPIPE", SIGPIPE: true, Asked: 1}}}
	got, err := json.Marshal(step)
	const want = `{"at":{"line":1,"column":1},"actor":"client","call":"write \"x\"","result":"EPIPE SIGPIPE",` +
		`"results":[{"kind":"errno","errno":"EPIPE","sigpipe":true,"asked":1}],"expected":"EPIPE","verdict":"held"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s and %v\nwant %s", got, err, want)
	}
}
