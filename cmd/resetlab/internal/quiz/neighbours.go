package quiz

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/script"
)

// A neighbour is a script in which one call is another, and says which.
type neighbour struct {
	script script.Script
	change string
}

// neighbours are the scripts that have another call in the place of one, or lack
// it: those first in which it is nearest to the last line, which stays.
func neighbours(s script.Script) []neighbour {
	var all []neighbour
	last := len(s.Lines) - 1
	for i := last - 1; i >= 0; i-- {
		was := s.Lines[i]
		for _, other := range others(was) {
			if n, ok := rewritten(s, i, &other); ok {
				all = append(all, neighbour{n, fmt.Sprintf("%s in the place of %s", bare(other), place(s, i))})
			}
		}
		if n, ok := rewritten(s, i, nil); ok {
			all = append(all, neighbour{n, "without " + place(s, i)})
		}
	}
	return all
}

// place names a line of a script: with its number, if there is another like it.
func place(s script.Script, line int) string {
	text := bare(s.Lines[line])
	for i, other := range s.Lines {
		if i != line && bare(other) == text {
			return fmt.Sprintf("%s (line %d)", text, line+1)
		}
	}
	return text
}

// bare writes a line without what is expected of it.
func bare(line script.Line) string {
	line.Expect = nil
	return line.String()
}

// rewritten is a script with another line, or with none, in the place of one.
// What was expected need not hold any more. ok is false if that is no script.
func rewritten(s script.Script, at int, other *script.Line) (changed script.Script, ok bool) {
	lines := slices.Clone(s.Lines)
	if other != nil {
		lines[at] = *other
	} else {
		lines = slices.Delete(lines, at, at+1)
	}
	return reread(lines)
}

// unawaited is a script without the lines that await something but the last: what
// was awaited need not come any more.
func unawaited(s script.Script) script.Script {
	last := len(s.Lines) - 1
	var kept []script.Line
	for i, line := range s.Lines {
		if i == last || line.Call.Verb != script.Await {
			kept = append(kept, line)
		}
	}
	fewer, ok := reread(kept)
	if !ok {
		return s
	}
	return fewer
}

// reread reads lines as a script, which says whether they are one.
func reread(lines []script.Line) (s script.Script, ok bool) {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Expect = nil
	}
	all, err := script.Parse(script.Script{Lines: lines}.String())
	if err != nil || len(all) != 1 || len(all[0].Lines) != len(lines) {
		return s, false
	}
	return all[0], true
}

// endings are the calls by which an end leaves, or half of it, in the order in
// which they are alike.
var endings = []script.Call{
	{Verb: script.Close}, {Verb: script.Abort}, {Verb: script.Shutdown, How: "write"},
	{Verb: script.Shutdown, How: "both"}, {Verb: script.Shutdown, How: "read"},
	{Verb: script.Disconnect}, {Verb: script.Kill},
}

// others are the lines that can stand in the place of one: the call with another
// number or word, or by the other end.
func others(line script.Line) []script.Line {
	var calls []script.Call
	with := func(change func(*script.Call)) {
		c := line.Call
		change(&c)
		calls = append(calls, c)
	}
	switch c := line.Call; c.Verb {
	case script.Close, script.Abort, script.Shutdown, script.Disconnect, script.Kill, script.Vanish:
		calls = append(calls, endings...)
	case script.Read, script.Recv:
		with(func(c *script.Call) { c.N++ })
		with(func(c *script.Call) { c.N-- })
		if len(c.Flags) > 0 {
			with(func(c *script.Call) { c.Flags = nil })
		}
	case script.Write, script.Send:
		if c.Quoted {
			with(func(c *script.Call) { c.Text += "x" })
			with(func(c *script.Call) { c.Text = c.Text[:max(0, len(c.Text)-1)] })
		}
		if len(c.Flags) > 0 {
			with(func(c *script.Call) { c.Flags = nil })
		}
	case script.Set:
		with(func(c *script.Call) { c.On = !c.On })
	case script.Listen:
		with(func(c *script.Call) { c.N-- })
		with(func(c *script.Call) { c.N++ })
	case script.Connect:
		with(func(c *script.Call) { c.Name = script.Nobody })
	}
	var all []script.Line
	for _, call := range calls {
		other := line
		other.Call, other.Expect = call, nil
		if bare(other) != bare(line) {
			all = append(all, other)
		}
	}
	for _, ends := range [][2]string{{script.Client, script.Server}, {script.Server, script.Client}} {
		if line.Actor.Name == ends[0] && line.Call.Verb != script.Connect && line.Call.Verb != script.Accept {
			other := line
			other.Actor.Name = ends[1]
			all = append(all, other)
		}
	}
	return all
}
