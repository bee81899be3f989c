package record

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
)

// What a recording keeps of what a program has said: so many lines at the
// beginning and at the end, and so many bytes of each.
const (
	linesKept = 256
	bytesKept = 1 << 10
)

// addPrograms adds what the lab's programs have said and how they ended. It says
// whose calls nobody has noted, and of which some may be missing.
func (g *inputs) addPrograms(r *evidence.Recording, programs []*lab.Program) {
	untold := map[string][]string{} // programs, by why their calls are not known
	for _, p := range programs {
		g.programs = append(g.programs, p)
		lines, lost := p.Lines()
		if more := len(lines) - 2*linesKept; more > 0 {
			lost += more
			lines = append(lines[:linesKept:linesKept], lines[linesKept+more:]...)
		}
		if lost > 0 {
			r.Gaps = append(r.Gaps, evidence.Gap{
				Lane: evidence.Lines, To: max(0, time.Since(r.Started)), Lost: uint64(lost),
				Why: fmt.Sprintf("%s said %d lines more than are kept", p.Name(), lost),
			})
		}
		for _, line := range lines {
			g.said = append(g.said, said(p, line))
		}
		if ended, ok := exit(p); ok {
			if len(lines) > 0 { // they were said before, and read when there was time
				ended.at = max(ended.at, instantOf(lines[len(lines)-1].At))
			}
			g.said = append(g.said, ended)
		}
		missing, err := p.Traced()
		if err != nil && !slices.Contains(untold[err.Error()], p.Name()) {
			untold[err.Error()] = append(untold[err.Error()], p.Name())
		}
		for _, what := range missing {
			r.LostEvents++ // or more
			r.Gaps = append(r.Gaps, evidence.Gap{Lane: evidence.Calls, To: max(0, time.Since(r.Started)),
				Why: "of " + p.Name() + ": " + what})
		}
	}
	for _, why := range slices.Sorted(maps.Keys(untold)) {
		r.Missing = append(r.Missing, evidence.MissingLane{Lane: evidence.Calls, Why: fmt.Sprintf(
			"what %s called is in no journal: %s", strings.Join(untold[why], ", "), why)})
	}
}

// said is a line as a row of the time line. What was read with it may be what
// brought it about.
func said(p *lab.Program, line program.Line) row {
	text := line.Text[:min(len(line.Text), bytesKept)]
	what := &evidence.Line{
		Program: p.Name(), Stderr: line.Stderr, Text: strings.ToValidUTF8(text, "\ufffd"),
		Cut: line.Cut || len(text) < len(line.Text),
	}
	event := evidence.Event{Flow: -1, Host: p.Host().Name(), Line: what}
	return row{Event: event, at: instantOf(line.At), rank: arrived}
}

// exit is the end of a program, if it has ended.
func exit(p *lab.Program) (row, bool) {
	select {
	case <-p.Exited():
	default:
		return row{}, false
	}
	what := &evidence.Exit{Program: p.Name()}
	var failed *program.ExitError
	switch err := p.Program.Err(); {
	case err == nil:
	case !errors.As(err, &failed):
		what.Error = err.Error()
	default:
		what.Status = failed.Code
		if failed.Signal != 0 {
			what.Signal = failed.Signal.String()
		}
	}
	event := evidence.Event{Flow: -1, Host: p.Host().Name(), Exit: what}
	return row{Event: event, at: instantOf(p.Ended()), rank: arrived}, true
}

// programBeside returns the lifeline of the only program of the lab that can be at the
// other end of a connection to a server, "" if there are none or several.
func (b *builder) programBeside(server string) string {
	found := ""
	for _, p := range b.programs {
		switch name := p.Host().Name(); {
		case name == server || name == found:
		case found != "":
			return ""
		default:
			found = name
		}
	}
	return found
}
