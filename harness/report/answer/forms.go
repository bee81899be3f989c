package answer

import (
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/report"
)

// Markdown writes a report for a ticket. The error is that of writing to out.
func Markdown(out io.Writer, r *offline.Report, o Options) error {
	w := &writer{}
	w.line("**%s in %s: %s.**", plural(r.Connections.All, "connection"), escaped(sources(r)), resets(r.Connections))
	if o.Number == 0 {
		w.markdownLists(r)
	}
	for _, f := range o.chosen(r) {
		w.line("")
		w.line("### %s", escaped(title(f)))
		w.line("")
		if f.Recording != nil {
			w.line("```mermaid")
			if err := report.Mermaid(&w.b, f.Recording); err != nil {
				return err
			}
			w.line("```")
			w.line("")
		}
		w.line("- **sent**: %s", escaped(sent(f)))
		for _, one := range facts(r, f, &o) {
			text := escaped(one.text)
			if one.name == "see it" {
				text = "`" + strings.ReplaceAll(one.text, "`", "'") + "`"
			}
			w.line("- **%s**: %s", one.name, text)
		}
	}
	w.markdownList("What is missing", lackTexts(r))
	if _, err := io.WriteString(out, w.b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// markdownLists writes what concerns all connections.
func (w *writer) markdownLists(r *offline.Report) {
	if len(r.Found) > 1 {
		w.line("")
		w.line("| connections | who and why |")
		w.line("|---:|---|")
		for i := range r.Summary {
			w.line("| %s | %s |", count(r.Summary[i].Count), escaped(groupText(r, &r.Summary[i])))
		}
	}
	var patterns, ends []string
	for _, p := range r.Patterns {
		patterns = append(patterns, p.Says+". "+p.Means)
	}
	for _, e := range r.Ends {
		ends = append(ends, count(e.Count)+" "+ended(e.End))
	}
	w.markdownList("What they have in common", patterns)
	name := "How the others ended"
	if r.Connections.Reset == 0 {
		name = "No connection has a RST. What ended them instead"
	}
	w.markdownList(name, ends)
}

// markdownList writes a list, if there is something in it.
func (w *writer) markdownList(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.line("")
	w.line("**%s**", name)
	w.line("")
	for _, text := range texts {
		w.line("- %s", escaped(text))
	}
}

// escaped makes a text such that Markdown and the HTML in it mean nothing.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*{}[]|!~>", r), r == '#' && b.Len() == 0:
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Mermaid writes a sequenceDiagram for each connection that has a recording. The
// error is that of writing to out.
func Mermaid(out io.Writer, r *offline.Report, o Options) error {
	for _, recording := range drawn(r, &o) {
		if err := report.Mermaid(out, recording); err != nil {
			return err
		}
	}
	return nil
}

// drawn are the recordings of the connections to be told one by one.
func drawn(r *offline.Report, o *Options) (all []*evidence.Recording) {
	for _, f := range o.chosen(r) {
		if f.Recording != nil {
			all = append(all, f.Recording)
		}
	}
	return all
}

// Page writes a report as one HTML file. The error is that of writing to out.
func Page(out io.Writer, r *offline.Report, o Options) error {
	of := map[*evidence.Recording]*offline.Found{}
	for number := 1; r.Listed(number) != nil; number++ {
		if one := r.Listed(number); one.Recording != nil {
			of[one.Recording] = one
		}
	}
	about := func(recording *evidence.Recording) report.About {
		f := of[recording]
		if f == nil {
			return report.About{}
		}
		d := &f.Diagnosis
		told := report.About{Cause: "RST from " + who(d) + ": " + d.Why + "."}
		if d.End != diagnose.EndReset {
			told.Cause = "No RST: " + d.Why + "."
		}
		if len(d.Causes) > 0 {
			first := r.Causes[d.Causes[0]]
			for _, one := range causesOf(r, d) {
				if one.text != "" {
					told.Cause += " " + one.name + ": " + one.text + "."
				}
			}
			told.Cure = first.Cure
			if first.Scenario != "" {
				told.Again = o.run(first.Scenario)
			}
		}
		if d.Settle != "" {
			told.Cause += " What settles it: " + d.Settle + "."
		}
		told.Cause += " Does it matter? " + harm(&d.Harm) + "."
		return told
	}
	return report.Page(out, drawn(r, &o), report.PageOptions{About: about, Lede: lede(r)})
}

// lede says what a page shows.
func lede(r *offline.Report) string {
	text := fmt.Sprintf("%s in %s: %s.", plural(r.Connections.All, "connection"), sources(r), resets(r.Connections))
	for _, p := range r.Patterns {
		text += " " + p.Says + ". " + p.Means
	}
	for _, e := range r.Ends {
		text += fmt.Sprintf(" %s %s.", count(e.Count), ended(e.End))
	}
	for _, l := range lackTexts(r) {
		text += " " + l + "."
	}
	return text
}
