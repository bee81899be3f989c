package agent_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// saying has what a quotation by Go's rules changes.
const saying = `søk "x" in C:\tmp\new failed: it's 'over'`

// quoting tries a call three times, by lines or by HTTP/2, and says that it failed.
func quoting() {
	attempt := func() error { _, err := ask(); return err }
	if url := os.Getenv("RESETLAB_URL"); url != "" {
		var speaks http.Protocols
		speaks.SetUnencryptedHTTP2(true)
		client := &http.Client{Transport: &http.Transport{Protocols: &speaks}}
		attempt = func() error {
			reply, err := client.Post(url, "text/plain", strings.NewReader("x"))
			if err != nil {
				return err
			}
			defer reply.Body.Close()
			_, err = io.Copy(io.Discard, reply.Body)
			return err
		}
	}
	for range 3 {
		if attempt() == nil {
			return
		}
	}
	fmt.Fprintln(os.Stderr, saying)
	os.Exit(1)
}

// scripts of the page are not shown: one has the report in JSON.
var scripts = regexp.MustCompile(`(?s)<script.*?</script>`)

// forms are all in which a report is shown, each read as its readers do.
var forms = []struct {
	name string
	show func(io.Writer, *verdict.Report) error
	read func(t *testing.T, text []byte) string
}{
	{"the terminal", func(w io.Writer, r *verdict.Report) error {
		return render.Matrix(w, r, render.Style{Width: 1000, Said: true})
	}, func(_ *testing.T, text []byte) string { return string(text) }},
	{"JSON", render.JSON, func(t *testing.T, text []byte) string {
		r, err := render.ReadJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return r.Cells[0].Verdict.Reason + "\n" + strings.Join(r.Cells[0].Chain, "\n")
	}},
	{"JUnit", func(w io.Writer, r *verdict.Report) error { return render.JUnit(w, r) }, func(t *testing.T, text []byte) string {
		var all strings.Builder
		decoder := xml.NewDecoder(bytes.NewReader(text))
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				return all.String()
			}
			if err != nil {
				t.Fatal(err)
			}
			switch token := token.(type) {
			case xml.CharData:
				all.Write(token)
			case xml.StartElement:
				for _, a := range token.Attr {
					all.WriteString(a.Value + "\n")
				}
			}
		}
	}},
	{"the page", func(w io.Writer, r *verdict.Report) error { return render.Page(w, r) },
		func(_ *testing.T, text []byte) string {
			return html.UnescapeString(string(scripts.ReplaceAll(text, nil)))
		}},
	{"Markdown", func(w io.Writer, r *verdict.Report) error { return render.Markdown(w, r) },
		func(_ *testing.T, text []byte) string { return html.UnescapeString(string(text)) }},
}

// What a program says on its standard error is shown as it says it, in every form.
func TestStandardErrorIsNotQuoted(t *testing.T) {
	lines := origin(t)
	http2, err := origins.StartHTTP2()
	if err != nil {
		t.Fatal(err)
	}
	defer http2.Close()
	command := agent.Command{Args: program("quoting"), Output: agent.Ignored}
	overHTTP2 := command
	overHTTP2.URL = http2.URL
	for _, s := range []audit.Subject{
		{Name: "lines", Protocol: protocols.Lines(), Origin: lines, Open: command.Open},
		{Name: "HTTP/2", Protocol: protocols.HTTP2(), Origin: http2, Open: overHTTP2.Open},
	} {
		report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{{Place: "P7", Fault: point.RST, Repeat: point.Always, Operation: point.Write}}})
		if err != nil {
			t.Fatal(err)
		}
		if !report.Cells[0].Verdict.Has(verdict.DuplicatedError) { // all forms show all of one that is bad
			t.Fatalf("%s: the verdict is %v: %s", s.Name, report.Cells[0].Verdict, report.Cells[0].Verdict.Reason)
		}
		for _, form := range forms {
			var out bytes.Buffer
			if err := form.show(&out, report); err != nil {
				t.Fatal(err)
			}
			text := form.read(t, out.Bytes())
			if !strings.Contains(text, saying) {
				t.Errorf("%s, %s: %s is not in\n%s", s.Name, form.name, saying, text)
			}
			for _, quoted := range []string{`\"x`, `C:\\tmp`, `s\u00f8k`, `\'over`} {
				if strings.Contains(text, quoted) {
					t.Errorf("%s, %s: it is quoted: %s", s.Name, form.name, quoted)
				}
			}
		}
	}
}
