package script_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
)

var update = flag.Bool("update", false, "write what is printed to testdata")

// everything has each call and each kind of result once.
func everything(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/everything.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, text string) []script.Script {
	t.Helper()
	scripts, err := script.Parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return scripts
}

// TestFormat compares the printed form of scripts with every call and result.
func TestFormat(t *testing.T) {
	got := script.Format(parse(t, everything(t)))
	if *update {
		if err := os.WriteFile("testdata/everything.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/everything.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s", got)
	}
	if again := script.Format(parse(t, got)); again != got {
		t.Errorf("printed again it is\n%s", again)
	}
}

// TestEveryVerb: the file has each verb.
func TestEveryVerb(t *testing.T) {
	used := map[script.Verb]bool{}
	for _, s := range parse(t, everything(t)) {
		for _, line := range s.Lines {
			used[line.Call.Verb] = true
		}
	}
	for _, manual := range script.Verbs() {
		if !used[manual.Verb] {
			t.Errorf("testdata/everything.txt has no %s %s", manual.Actor, manual.Verb)
		}
	}
}

// TestImplied: without a line that makes a socket there is a connection.
func TestImplied(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{``, "listener listen\nclient connect\nserver accept\n"},
		{`server close`, "listener listen\nclient connect\nserver accept\nserver close\n"},
		{`client connect to nobody`, "client connect to nobody\n"},
		{`client socket`, "client socket\n"},
	} {
		var got strings.Builder
		for _, step := range parse(t, test.text)[0].Steps() {
			got.WriteString(step.String() + "\n")
			if step.Implied() != !strings.Contains(test.text, step.String()) {
				t.Errorf("%s: %s goes without saying: %v", test.text, step, step.Implied())
			}
		}
		if got.String() != test.want {
			t.Errorf("%s\n got %q\nwant %q", test.text, got.String(), test.want)
		}
	}
}

// TestNotations: what can be written in two ways is the same.
func TestNotations(t *testing.T) {
	for _, test := range [][2]string{
		{`client read 1 -> EOF`, `client read 1 → EOF`},
		{`client read 1→EOF`, `client read 1 → EOF`},
		{"client read 1\r\nclient close\r\n", `client read 1;client close`},
		{`client recv 1 MSG_PEEK`, `client recv 1 peek`},
		{`client read 1 → EWOULDBLOCK`, `client read 1 → EAGAIN`},
		{`client read 2 → 2 "ab"`, `client read 2 → "ab"`},
		{`client read 1 → "\x61\xc3\xa4"`, `client read 1 → "aä"`},
		{`client connect to listener`, `client connect`},
		{"\ufeffclient\u00a0close", `client close`},
		{`client write ";#→\""`, `client write "\x3b\x23\xe2\x86\x92\x22"`},
	} {
		setup := ""
		if strings.Contains(test[0], "connect") {
			setup = "listener listen\n"
		}
		if got, want := parse(t, setup+test[0])[0].String(), parse(t, setup+test[1])[0].String(); got != want {
			t.Errorf("%s is %s, want %s", test[0], got, want)
		}
	}
}

// TestTitles: a text has several scripts.
func TestTitles(t *testing.T) {
	scripts := parse(t, "# above\nclient close\n--- two: the second\n--- three\nserver close # why\n# the end\n")
	if len(scripts) != 3 || scripts[1].Name() != "two" || scripts[1].Title != "two: the second" || len(scripts[1].Lines) != 0 {
		t.Fatalf("got %+v", scripts)
	}
	first, third := scripts[0].Lines[0], scripts[2]
	if !reflect.DeepEqual(first.Before, []string{"above"}) || third.Lines[0].Comment != "why" ||
		!reflect.DeepEqual(third.After, []string{"the end"}) {
		t.Errorf("comments: %+v, %+v", first, third)
	}
}

// FuzzParse: whatever is read is printed so that it is read as the same; what is
// not says where.
func FuzzParse(f *testing.F) {
	for script := range strings.SplitSeq(everything(f), "---") {
		f.Add(script)
	}
	f.Add("client write \"\\xff\" -> 1;client/* returns → {1,not yet}#x")
	f.Fuzz(func(t *testing.T, text string) {
		scripts, err := script.Parse(text)
		if err != nil {
			if all := err.(script.Errors); len(all) == 0 || all.Show() == "" {
				t.Errorf("%q: an error that says nothing", text)
			}
			return
		}
		printed := script.Format(scripts)
		again, err := script.Parse(printed)
		if err != nil {
			t.Fatalf("%q is printed as\n%s\nwhich is wrong: %v", text, printed, err)
		}
		if got := script.Format(again); got != printed {
			t.Errorf("printed again\n%s\nis\n%s", printed, got)
		}
	})
}

// BenchmarkParse reads the script of ten calls.
func BenchmarkParse(b *testing.B) {
	text := strings.Repeat("client write \"ab\" → 2\nserver read 1 → \"a\"\n", 5)
	for b.Loop() {
		if _, err := script.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
