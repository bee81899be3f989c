package cli

import (
	"errors"
	"fmt"
	"go/format"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/atomicfile"
	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// expected is the script with what came of each line as what is expected of it.
// What the size of a buffer decides has no number.
func (p *play) expected() (script.Script, error) {
	if len(p.lines) == 0 {
		return script.Script{}, fmt.Errorf("there is no line yet")
	}
	var lines []string
	for _, step := range p.last.Answer.Steps[:len(p.last.Answer.Steps)-p.probes] {
		if step.Line.Implied() {
			continue
		}
		line, result := step.Line, step.Result()
		line.Expect = nil
		if r := step.Results[0]; len(step.Results) == 1 && r.Kind == script.Then {
			_, end, _ := strings.Cut(result, " then ")
			amount := script.Less
			if r.Read == r.Written {
				amount = script.All
			}
			result = string(amount) + " then " + end
		} else if r.Kind == script.Unknown {
			result = ""
		}
		if result != "" {
			lines = append(lines, line.String()+" → "+result)
		} else {
			lines = append(lines, line.String())
		}
	}
	return parsed(lines)
}

// save writes the script to a file that is not there yet.
func (p *play) save(path string) error {
	if path == "" {
		return fmt.Errorf("save where? save FILE%s", scriptSuffix)
	}
	s, err := p.expected()
	if err != nil {
		return err
	}
	if err := newFile(path, s.String()); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "written; again: %s\n", commandLine("try", path))
	return nil
}

// newFile writes a file that is not there yet.
func newFile(path, text string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already, and is left as it is: name another file", path)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

var scenarioName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// scenarioFile is a scenario whose one spec runs the script.
var scenarioFile = template.Must(template.New("scenario").Funcs(template.FuncMap{"raw": raw}).Parse(`package scenarios

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// {{.Title}}: say here why the kernel does that, and where it is specified.
var _ = Situation(catalogue.Situation{
	Name:  "{{.Name}}",
	Title: "{{.Title}}",
	Cause: "{{.Cause}}",
	Drawing: {{raw .Drawing}},
	Client: {{printf "%q" .Client}},
	Server: {{printf "%q" .Server}},
	Twin:   "say here what differs in the twin, and what is seen then",
	Script: {{raw .Script}},
}, func() {
	It("comes out as its script says", Named("script"), func(ctx SpecContext) {
		ComesOut(ctx, "{{.Name}}")
	}, Limit)
})
`))

// raw writes lines as a raw string of Go, which cannot have a backquote in it.
func raw(lines string) string {
	return "`\n" + strings.ReplaceAll(lines, "`", "` + \"`\" + `") + "`"
}

// scenario writes the script as a scenario's file.
func (p *play) scenario(name string) error {
	if !scenarioName.MatchString(name) {
		return fmt.Errorf("scenario NAME: small letters, digits and - between, as closing-with-unread-data")
	}
	if _, there := catalogue.Find(name); there {
		return fmt.Errorf("there is a scenario %s already", name)
	}
	if _, err := os.Stat("scenarios/doc.go"); err != nil {
		return fmt.Errorf("there is no scenarios/ here: run this in the top directory of ResetLab's source")
	}
	s, err := p.expected()
	if err != nil {
		return err
	}
	title := strings.ReplaceAll(name, "-", " ")
	var text strings.Builder
	if err := scenarioFile.Execute(&text, map[string]string{
		"Name": name, "Title": strings.ToUpper(title[:1]) + title[1:], "Cause": p.cause(), "Drawing": drawn(s),
		"Client": p.saw(s, script.Client), "Server": p.saw(s, script.Server), "Script": "--- script\n" + s.String(),
	}); err != nil {
		return err
	}
	formatted, err := format.Source([]byte(text.String()))
	if err != nil {
		return err
	}
	path := filepath.Join("scenarios", strings.ReplaceAll(name, "-", "_")+"_linux.go")
	if err := newFile(path, string(formatted)); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s is written. Its cause, title and twin are yours to say; then: make tables, make scenarios ARGS='--focus-file=%s'\n",
		path, filepath.Base(path))
	return nil
}

// cause is the likeliest of the causes for which the first RST is sent; without
// one, that of an end that closes its own connection.
func (p *play) cause() string {
	for _, reset := range p.last.Recording.Resets {
		for _, c := range causes.ByReason(tcp.Reason(reset.Reason)) {
			if c.Unshown == "" {
				return c.Name
			}
		}
	}
	return "own-close"
}

// saw is what the calls of an end gave that failed, or read an end.
func (p *play) saw(s script.Script, name string) string {
	var all []string
	for _, line := range s.Lines {
		if line.Actor.Name == name && line.Expect != nil && strings.HasPrefix(line.Expect.String(), "E") {
			all = append(all, string(line.Call.Verb)+": "+line.Expect.String())
		}
	}
	if len(all) == 0 {
		return "nothing of note"
	}
	return strings.Join(all, "; ")
}

// drawn draws the calls of a script, the client's on the left.
func drawn(s script.Script) string {
	const column = 26
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s%s\n", column, "client", "server")
	for _, line := range s.Lines {
		text := line.Call.String()
		if line.Expect != nil && line.Expect.String() != "ok" {
			text += ": " + line.Expect.String()
		}
		if strings.HasPrefix(line.Actor.Name, script.Client) {
			fmt.Fprintf(&b, "  %s\n", text)
			continue
		}
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat(" ", column+2), text)
	}
	return b.String()
}
