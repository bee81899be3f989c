package answer_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/report/answer"
)

var update = flag.Bool("update", false, "write the golden files")

// recorded makes captures of stored recordings, and diagnoses them together.
func recorded(t *testing.T, names ...string) *offline.Report {
	t.Helper()
	var inputs []offline.Input
	for _, name := range names {
		file, err := os.Open(filepath.Join("..", "testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.Read(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		var capture bytes.Buffer
		if err := report.Pcapng(&capture, r); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, offline.Input{Name: name + ".pcapng", Reader: &capture})
	}
	found, err := offline.Diagnose(context.Background(), offline.Options{}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestGolden(t *testing.T) {
	forms := map[string]func(io.Writer, *offline.Report, answer.Options) error{
		"txt": answer.Text, "md": answer.Markdown, "mmd": answer.Mermaid,
		"json": func(w io.Writer, r *offline.Report, _ answer.Options) error { return r.Write(w) },
	}
	for _, test := range []struct {
		name    string
		of      []string
		options answer.Options
		forms   string
	}{
		{"abort", []string{"abort"}, answer.Options{}, "txt md json mmd"},
		{"firewall", []string{"reset_by_a_firewall"}, answer.Options{}, "txt md"},
		{"keepalive", []string{"keepalive_gives_up"}, answer.Options{}, "txt"},
		{"finished", []string{"finishing_politely"}, answer.Options{}, "txt md json"},
		{"several", []string{"retry_on_a_new_connection", "refused", "abort"}, answer.Options{Most: 1}, "txt md"},
		{"summary", []string{"retry_on_a_new_connection", "refused"}, answer.Options{Summary: true}, "txt"},
		{"second", []string{"retry_on_a_new_connection", "refused"}, answer.Options{Number: 2}, "txt"},
	} {
		r := recorded(t, test.of...)
		for form := range strings.FieldsSeq(test.forms) {
			var got bytes.Buffer
			if err := forms[form](&got, r, test.options); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", test.name+"."+form)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs (go test ./harness/report/answer -update writes it):\n%s", path, got.Bytes())
			}
		}
	}
}

// TestHarmless: what comes from a capture, or from whoever names it, means
// nothing to a terminal, to Markdown or to a browser.
func TestHarmless(t *testing.T) {
	const evil = "\x1b[31m<script>alert(1)</script>`|\u202e[x](javascript:1)\n# h"
	r := recorded(t, "abort")
	r.Inputs[0].Name, r.Inputs[0].Error = evil, evil
	r.Inputs[0].Omissions = []packets.Omission{{What: evil, Count: 1, Example: evil}}
	for name, write := range map[string]func(io.Writer, *offline.Report, answer.Options) error{
		"text": answer.Text, "markdown": answer.Markdown, "mermaid": answer.Mermaid, "page": answer.Page,
		"json": func(w io.Writer, r *offline.Report, _ answer.Options) error { return r.Write(w) },
	} {
		var b bytes.Buffer
		if err := write(&b, r, answer.Options{}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, bad := range []string{"\x1b", "\u202e", "<script>alert"} {
			if strings.Contains(text, bad) && (name != "text" || bad != "<script>alert") && (name != "json" || bad != "\u202e") {
				t.Errorf("the %s has %q", name, bad)
			}
		}
		if name == "markdown" && (strings.Contains(text, "[x](") || strings.Contains(text, "\n# h")) {
			t.Errorf("the Markdown has a link or a heading of the capture's:\n%s", text)
		}
	}
}

// TestEveryConnectionOnce: however many are shown, none is shown twice, and of
// each kind one comes first.
func TestEveryConnectionOnce(t *testing.T) {
	r := recorded(t, "retry_on_a_new_connection", "refused", "abort", "reset_by_a_firewall", "keepalive_gives_up")
	for most := range 8 {
		var b bytes.Buffer
		if err := answer.Text(&b, r, answer.Options{Most: most}); err != nil {
			t.Fatal(err)
		}
		want := most
		if most == 0 {
			want = 3
		}
		if got := strings.Count(b.String(), "\n connection  #"); got != min(want, len(r.Found)) {
			t.Errorf("%d connections are shown, want %d", got, min(want, len(r.Found)))
		}
	}
}
