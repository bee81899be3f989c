package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// Markdown writes reports for the summary of a CI run, in GitHub's Markdown:
// what is bad first, the matrix folded away. The error is that of writing to w.
func Markdown(w io.Writer, reports ...*verdict.Report) error {
	var text strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&text, "## %s · %s\n\n%s\n\n", escaped(r.Subject), escaped(r.Protocol), summary(r))
		if left := untried(r); left != "" {
			fmt.Fprintf(&text, "%s\n\n", escaped(left))
		}
		if r.Stopped != "" {
			fmt.Fprintf(&text, "**Incomplete:** %s\n\n", escaped(r.Stopped))
		}
		markdownFindings(&text, r)
		markdownMatrix(&text, r)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func markdownFindings(text *strings.Builder, r *verdict.Report) {
	for _, part := range []struct {
		of    class
		title string
	}{{bad, "Bad"}, {unproven, "Nothing is proved: the fault never struck, or the audit or the machine failed"}, {expected, "Bad, and expected"}} {
		var found []verdict.Result
		for _, c := range r.Cells {
			if classOf(c) == part.of {
				found = append(found, c)
			}
		}
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(text, "### %s\n\n| cell | verdict | why |\n|---|---|---|\n", part.title)
		for _, c := range found[:min(len(found), mostFindings)] {
			why := c.Verdict.Reason
			if c.Known != "" {
				why += ". It could have known: " + c.Known
			}
			if c.Trace != nil {
				why += ". Its system calls: " + traceSays(c.Trace)
			}
			if c.Expected != "" {
				why += " (expected: " + c.Expected + ")"
			}
			fmt.Fprintf(text, "| %s | %s | %s |\n", escaped(c.ID), c.Verdict, escaped(why))
		}
		if more := len(found) - mostFindings; more > 0 {
			fmt.Fprintf(text, "\n… and %d more\n", more)
		}
		text.WriteString("\n")
	}
	for _, unmet := range r.Unmet {
		fmt.Fprintf(text, "- **Expected, and not so any more:** %s\n", escaped(unmet))
	}
	if len(r.Unmet) > 0 {
		text.WriteString("\n")
	}
}

func markdownMatrix(text *strings.Builder, r *verdict.Report) {
	columns := columnsOf(r)
	text.WriteString("<details><summary>All cells</summary>\n\n| place | fault |")
	for _, c := range columns {
		fmt.Fprintf(text, " %s %s |", c.repeat, c.operation)
	}
	text.WriteString("\n|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, g := range groupsOf(r) {
		for i, fault := range g.faults {
			place := ""
			if i == 0 {
				place = "**" + escaped(g.place) + "** " + escaped(g.says)
			}
			fmt.Fprintf(text, "| %s | %s |", place, fault)
			for _, c := range columns {
				cell := "·"
				if result, ok := at(r, g.place, fault, c); ok {
					cell = strings.TrimSpace(classOf(result).sign() + " " + short(result))
				}
				fmt.Fprintf(text, " %s |", escaped(cell))
			}
			text.WriteString("\n")
		}
	}
	text.WriteString("\n" + signs(r) + "\n")
	for _, w := range legend(r.Cells) {
		fmt.Fprintf(text, "\n- %s: %s, %s", escaped(w.short), w.outcome, w.says)
	}
	text.WriteString("\n\n</details>\n\n")
}

// escaped is text that Markdown shows as it is, also in a table.
func escaped(text string) string {
	var out strings.Builder
	for _, r := range plain(text) {
		switch {
		case r == '<':
			out.WriteString("&lt;")
		case r == '&':
			out.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]()#+!|~@", r): // @ would call somebody
			fmt.Fprintf(&out, "&#%d;", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
