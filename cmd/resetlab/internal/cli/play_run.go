package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/script"
	scripts "github.com/resetlab/resetlab/harness/script/run"
)

// split takes the lines of a text apart, as Parse does. What a line needs of
// those before it is judged with them.
func split(text string) ([]string, error) {
	var lines []string
	quoted, from := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == '\n'):
			lines, from = append(lines, text[from:i]), i+1
		}
	}
	lines = append(lines, text[min(from, len(text)):])
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("there is no call in that")
	}
	return lines, nil
}

// parsed reads lines as one script.
func parsed(lines []string) (script.Script, error) {
	all, err := script.Parse(strings.Join(lines, "\n"))
	if err != nil {
		return script.Script{}, err
	}
	if len(all) != 1 {
		return script.Script{}, fmt.Errorf("a session has one script: no line begins with ---")
	}
	return all[0], nil
}

// looker is the thread that looks at the ends.
const looker = "/look-at-it "

// run runs lines, and looks at the ends behind them; probes is how many steps of
// the answer do that.
func (p *play) run(lines []string) (result scripts.Result, probes int, err error) {
	s, err := parsed(lines)
	if err != nil {
		return result, 0, err
	}
	looked := slices.Clone(lines)
	for _, name := range openNames(s) {
		looked = append(looked, name+looker+"state", name+looker+"unread", name+looker+"unacked")
	}
	whole, err := parsed(looked)
	if err != nil {
		whole = s
	}
	result, err = p.runner.Run(p.ctx, whole)
	if p.ctx.Err() != nil {
		return result, 0, p.ctx.Err()
	}
	return result, max(0, len(result.Answer.Steps)-len(s.Steps())), err
}

// openNames are the names of a script that have a descriptor at its end; those
// that only have one if a call does not fail come last.
func openNames(s script.Script) []string {
	var sure, perhaps []string
	gone := func(name string) {
		is := func(other string) bool { return other == name }
		sure, perhaps = slices.DeleteFunc(sure, is), slices.DeleteFunc(perhaps, is)
	}
	for _, line := range s.Steps() {
		name := line.Actor.Name
		switch v := line.Call.Verb; {
		case v == script.Accept && line.Implied():
			sure = append(sure, name)
		case v == script.Accept:
			perhaps = append(perhaps, name)
		case v == script.Dup:
			perhaps = append(perhaps, line.Call.Name)
		case v == script.Socket, v == script.Bind, v == script.Listen, v == script.Connect, v == script.Set:
			if !slices.Contains(sure, name) && !slices.Contains(perhaps, name) {
				sure = append(sure, name)
			}
		case v.Ends():
			gone(name)
		}
	}
	return append(sure, perhaps...)
}

// segments are the segments of a recording.
func segments(r *evidence.Recording) (all []evidence.Event) {
	if r == nil {
		return nil
	}
	for _, event := range r.Events {
		if event.Packet != nil {
			all = append(all, event)
		}
	}
	return all
}

// show shows what the steps from one on gave, what is new on the wire, and the
// ends.
func (p *play) show(result scripts.Result, probes, from int) {
	p.last, p.probes = result, probes
	steps := result.Answer.Steps[:len(result.Answer.Steps)-probes]
	for _, step := range steps[min(from, len(steps)):] {
		if step.Line.Implied() {
			continue
		}
		fresh := script.Answer{Steps: []script.Step{step}}
		fmt.Fprint(p.out, terminal.Printable(fresh.Text()))
	}
	all := segments(result.Recording)
	for _, event := range all[min(p.wire, len(all)):] {
		fmt.Fprintf(p.out, "    %s ─▶ %s  %s\n", event.Host, event.Packet.To, event.Packet)
	}
	p.wire = len(all)
	if r := result.Recording; r != nil {
		for _, reset := range r.Resets[min(p.resets, len(r.Resets)):] {
			fmt.Fprintf(p.out, "    RST of %s, why: %s\n", reset.Host, terminal.Line(strings.TrimSpace(reset.Reason+" "+reset.Why)))
		}
		p.resets = len(r.Resets)
	}
	p.ends()
}

// ends shows the state and the queues of each end.
func (p *play) ends() {
	steps := p.last.Answer.Steps
	looks := steps[len(steps)-p.probes:]
	for i := 0; i+2 < len(looks); i += 3 {
		state := looks[i].Result()
		if state != "LISTEN" {
			state = fmt.Sprintf("%-12s unread %s · unacked %s", state, looks[i+1].Result(), looks[i+2].Result())
		}
		fmt.Fprintf(p.out, "  %-10s %s\n", looks[i].Line.Actor.Name, state)
	}
	for _, who := range p.last.Answer.Waiting {
		fmt.Fprintf(p.out, "  %s waits\n", terminal.Line(who))
	}
}
