package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// manyEntries is how many entries of a table a list of several scenarios
// shows.
const manyEntries = 8

func writeList(w io.Writer, found []catalogue.Situation) {
	if len(found) == 1 {
		writeSituation(w, found[0])
		return
	}
	for i, s := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.Name)
		fmt.Fprintf(w, "  %s\n", strings.Join(append([]string{s.Title, s.File}, s.Labels...), " · "))
		for _, l := range specLines(s.Specs, manyEntries) {
			fmt.Fprintf(w, "    %s\n", l.text)
		}
	}
}

// writeSituation writes all that the catalogue says of one.
func writeSituation(w io.Writer, s catalogue.Situation) {
	fmt.Fprintf(w, "%s · %s\n  %s\n\n", s.Name, s.Title, strings.Join(append([]string{s.File}, s.Labels...), " · "))
	for line := range strings.Lines(s.Drawing) {
		fmt.Fprintf(w, "    %s\n", strings.TrimSuffix(line, "\n"))
	}
	fmt.Fprintln(w)
	writeWrapped(w, "  client  ", s.Client)
	writeWrapped(w, "  server  ", s.Server)
	writeWrapped(w, "  twin    ", s.Twin)
	c, _ := causes.Find(s.Cause)
	writeWrapped(w, "  cause   ", c.Name+": "+c.What)
	writeWrapped(w, "  cure    ", c.Cure)
	if s.System != "" {
		writeWrapped(w, "  needs   ", s.System)
	}
	writeScript(w, s)
	for _, l := range specLines(s.Specs, len(s.Specs)) {
		fmt.Fprintf(w, "\n  %s\n    %s\n", l.text, commandLine("run", l.name))
	}
}

// A line is what a list says of a spec, or of several, and the name of these.
type line struct{ text, name string }

// specLines puts the entries of a table into one line if they differ in the
// route alone, or if they are more than most.
func specLines(specs []catalogue.Spec, most int) []line {
	entries, routes := map[string]int{}, map[string][]string{}
	byRoute := func(s catalogue.Spec) bool { return s.Route != "" && s.Short == s.Table+" ("+s.Route+")" }
	for _, spec := range specs {
		entries[spec.Table]++
		if byRoute(spec) {
			routes[spec.Table] = append(routes[spec.Table], spec.Route)
		}
	}
	var lines []line
	told := map[string]bool{}
	for _, spec := range specs {
		l := line{spec.Short, spec.Name}
		switch {
		case spec.Table == "":
		case byRoute(spec):
			l.text = spec.Table + " · " + strings.Join(routes[spec.Table], ", ")
			l.name = strings.TrimSuffix(spec.Name, "/"+spec.Route)
		case entries[spec.Table] > most:
			l.text = fmt.Sprintf("%s · %d entries", spec.Table, entries[spec.Table])
		}
		if !told[l.text] {
			lines = append(lines, l)
		}
		told[l.text] = true
	}
	return lines
}
