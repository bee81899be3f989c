package report

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

//go:embed page
var assets embed.FS

// pageSteps is how many steps a run of the page shows; the embedded recording
// has the rest.
const pageSteps = 300

// PageOptions say what a page tells beside its recordings. The zero value adds
// nothing.
type PageOptions struct {
	// About says what is known of the situation that a recording is of. What it
	// leaves empty is not shown.
	About func(*evidence.Recording) About
	// Lede says what the page shows, in the place of the sentences that it has for
	// runs.
	Lede string
}

// An About is what is known of a situation, in plain words.
type About struct {
	Cause string // what happened
	Cure  string // what to do about it
	Twin  string // what differs in its twin, and what is seen then
	Again string // the command that runs it
}

// Page writes recordings as one HTML file that needs no network: a gallery,
// and for each run its sequence diagram, step by step, with the recording
// embedded. The error is that of writing to w.
func Page(w io.Writer, recordings []*evidence.Recording, o PageOptions) error {
	page, err := newPage(recordings)
	if err == nil && o.About != nil {
		for i, r := range recordings {
			page.Runs[i].About = o.About(r)
		}
	}
	if err != nil {
		return fmt.Errorf("lay out the page: %w", err)
	}
	if o.Lede != "" {
		page.Lede = plain(o.Lede)
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"half":  func(n int) int { return n / 2 },
		"minus": func(a, b int) int { return a - b },
		// breakable cuts a name where a line may break.
		"breakable": func(s string) []string { return strings.SplitAfter(s, "_") },
	}).ParseFS(assets, "page/*.html")
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	if err := t.Execute(w, page); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// A page is what the template shows.
type page struct {
	CSS        template.CSS
	JS         template.JS
	Recordings []*evidence.Recording
	Lede       string
	Filters    []filter
	Runs       []runView
}

// A filter chooses the runs in which the client saw the same.
type filter struct {
	Saw   string // "" chooses all
	Count int
	Story string // what the choice shows, in a sentence
}

func newPage(recordings []*evidence.Recording) (*page, error) {
	css, err := assets.ReadFile("page/page.css")
	if err != nil {
		return nil, err
	}
	js, err := assets.ReadFile("page/page.js")
	if err != nil {
		return nil, err
	}
	p := &page{CSS: template.CSS(css), JS: template.JS(js), Recordings: recordings}
	if recordings == nil {
		p.Recordings = []*evidence.Recording{}
	}
	for i, r := range recordings {
		run, err := newRunView(i+1, r)
		if err != nil {
			return nil, err
		}
		if i+1 < len(recordings) {
			run.Next = i + 2
		}
		p.Runs = append(p.Runs, run)
	}
	p.Filters = filters(p.Runs)
	p.Lede = lede(recordings)
	return p, nil
}

// filters returns the choices, the most frequent first.
func filters(runs []runView) []filter {
	out := []filter{{Count: len(runs), Story: plural(int64(len(runs)), "situation")}}
	at := map[string]int{}
	for _, run := range runs {
		if _, ok := at[run.ClientSaw]; !ok {
			at[run.ClientSaw] = len(out)
			out = append(out, filter{Saw: run.ClientSaw})
		}
		out[at[run.ClientSaw]].Count++
	}
	slices.SortStableFunc(out[1:], func(a, b filter) int { return cmp.Compare(b.Count, a.Count) })
	for i := range out[1:] {
		f := &out[i+1]
		f.Story = fmt.Sprintf("%s behind one %s", number(f.Count, "different story", "different stories"), f.Saw)
		if f.Count == 1 {
			f.Story = "One story behind " + f.Saw
		}
	}
	return out
}

// number writes a small count as a word.
func number(n int, one, many string) string {
	words := strings.Fields("No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve")
	switch {
	case n == 1:
		return "One " + one
	case n < len(words):
		return words[n] + " " + many
	}
	return count(int64(n)) + " " + many
}

// lede says what the page shows and where that comes from.
func lede(recordings []*evidence.Recording) string {
	if len(recordings) == 0 {
		return "No run was recorded."
	}
	var systems []string
	for _, r := range recordings {
		if s := plain(r.System); s != "" && !slices.Contains(systems, s) {
			systems = append(systems, s)
		}
	}
	text := "Each run below really happened"
	switch {
	case len(systems) > mostLines:
		text += fmt.Sprintf(", on %d systems", len(systems))
	case len(systems) > 0:
		text += ", on " + strings.Join(systems, " and ")
	}
	if first := recordings[0].Started; !first.IsZero() {
		text += ", from " + first.UTC().Format("2 January 2006") + " on"
	}
	return text + ". It shows what both ends called and were told, what was on the wire, and who sent the reset and why."
}
