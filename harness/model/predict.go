package model

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/script"
)

// NotModelled begins what [script.Answer] says where the script has left what the
// model covers.
const NotModelled = "not modelled"

// mostOutcomes bounds the ways a script can go.
const mostOutcomes = 64

// Outcomes returns what comes of a script, once for each way it can go: there is
// more than one only where a line lets two waiting calls return, whose order is
// the scheduler's, or where the size of a buffer decides. Where the script leaves
// what the model covers the answer ends, and its Stopped begins with
// [NotModelled].
func Outcomes(s script.Script) []script.Answer {
	var all []script.Answer
	choices := &choices{}
	for more := true; more; more = choices.another() {
		if len(all) == mostOutcomes {
			return []script.Answer{{Title: s.Title, Stopped: NotModelled + ": more than 64 ways that it can go"}}
		}
		answer := predict(s, choices)
		if !slices.ContainsFunc(all, func(other script.Answer) bool { return other.Text() == answer.Text() }) {
			all = append(all, answer)
		}
	}
	return all
}

// predict goes through a script once.
func predict(s script.Script, choices *choices) script.Answer {
	m := &machine{names: map[string]*sock{}, gone: map[string]*sock{}, choices: choices}
	lines := s.Steps()
	answer := script.Answer{Title: s.Title, Steps: make([]script.Step, 0, len(lines))}
	for _, line := range lines {
		results, stopped := m.line(line)
		if stopped != "" {
			answer.Stopped = stopped
			break
		}
		answer.Steps = append(answer.Steps, script.Step{Line: line, Results: results})
	}
	for _, c := range m.waiting {
		if !c.returned {
			answer.Waiting = append(answer.Waiting, c.line.Actor.String()+": "+c.line.Call.String())
		}
	}
	return answer
}

// line makes the call of a line and lets everything happen that comes of it.
func (m *machine) line(line script.Line) (results []script.Result, stopped string) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case outside:
			stopped = NotModelled + ": " + where(line) + ": " + string(problem)
		case fault:
			stopped = where(line) + ": " + string(problem)
		default:
			panic(problem)
		}
	}()
	if line.Call.Verb == script.Returns {
		results := m.returns(line.Actor)
		if line.Call.Within > 0 && slices.ContainsFunc(results, func(r script.Result) bool { return r.Kind == script.NotYet }) {
			m.timers()
		}
		return results, ""
	}
	for _, c := range m.waiting {
		if c.line.Actor == line.Actor && line.Call.Verb != script.Kill && line.Call.Verb != script.Vanish {
			wrong("%s still waits in the call of line %d", line.Actor, c.line.At.Line)
		}
	}
	result := m.call(line)
	if s := m.names[line.Actor.Name]; s != nil {
		s.tell(result)
	}
	m.settle()
	return []script.Result{result}, ""
}

// where names a line, and says where it is unless it is implied.
func where(line script.Line) string {
	if line.Implied() {
		return line.String()
	}
	return fmt.Sprintf("line %d, column %d: %s", line.At.Line, line.At.Column, line)
}

// returns says what became of the waiting call of a thread, or of each thread of
// an end.
func (m *machine) returns(who script.Actor) []script.Result {
	var results []script.Result
	var still []*call
	for _, c := range m.waiting {
		asked := c.line.Actor == who || who.Thread == script.Every && c.line.Actor.Name == who.Name
		switch {
		case asked && c.returned:
			results = append(results, c.result)
			continue
		case asked:
			results = append(results, script.Result{Kind: script.NotYet})
		}
		still = append(still, c)
	}
	if len(results) == 0 {
		wrong("no call waits: the last one has returned at once")
	}
	m.waiting = still
	return results
}

// call makes one call. A name that has no socket gets one.
func (m *machine) call(line script.Line) script.Result {
	c, name := line.Call, line.Actor.Name
	switch name {
	case script.Network:
		if c.Verb == script.Destroys {
			return m.destroyed(m.ever(c.Name))
		}
		beyond("a packet filter")
	case script.Proxy:
		beyond("a proxy")
	case script.Wire, script.Kernel:
		beyond("%s: nothing is recorded of a prediction", name)
	}
	s := m.names[name]
	switch {
	case c.Verb == script.Accept && (s != nil || m.gone[name] != nil):
		wrong("%s has a socket already", name)
	case c.Verb == script.Accept && m.names[c.Name] == nil:
		wrong("%s has no socket", c.Name)
	case c.Verb == script.Accept:
		return m.accept(line, m.names[c.Name])
	case c.Verb == script.Await:
		return m.await(m.ever(name), c)
	case s == nil && m.gone[name] != nil:
		wrong("%s is gone", name)
	case s == nil:
		switch c.Verb {
		case script.Socket, script.Bind, script.Listen, script.Connect, script.Set:
			s = m.add()
			m.name(name, s)
		default:
			wrong("%s has no socket", name)
		}
	}
	return m.calls(line, s)
}

// ever finds the socket that a name has or had.
func (m *machine) ever(name string) *sock {
	s := m.names[name]
	if s == nil {
		s = m.gone[name]
	}
	if s == nil {
		wrong("%s has no socket", name)
	}
	return s
}

// calls makes a call on a socket.
func (m *machine) calls(line script.Line, s *sock) script.Result {
	c, name := line.Call, line.Actor.Name
	ok := script.Result{Kind: script.OK}
	switch c.Verb {
	case script.Socket:
		if c.How != "" {
			beyond("Multipath TCP")
		}
	case script.Bind:
		if c.Name == "" {
			return m.bind(s, nil)
		}
		return m.bind(s, m.ever(c.Name))
	case script.Listen:
		return m.listen(s, c.N)
	case script.Connect:
		return m.connect(line, s, m.portOf(c.Name))
	case script.Read, script.Recv:
		return m.read(line, s)
	case script.Write, script.Send:
		return m.write(line, s)
	case script.Fill:
		return m.fill(s)
	case script.Drain:
		return m.drain(s)
	case script.Close:
		return m.close(name)
	case script.Abort:
		s.linger, s.lingerTime = true, 0
		return m.close(name)
	case script.Shutdown:
		return m.shutdown(s, c.How)
	case script.Disconnect:
		return m.disconnect(s)
	case script.Kill:
		m.kill(s)
	case script.Vanish:
		m.vanish(s)
	case script.Dup:
		m.name(c.Name, s)
	case script.Set:
		return m.set(s, c)
	default:
		return m.looks(line, s)
	}
	return ok
}

// looks makes a call that tells of a socket.
func (m *machine) looks(line script.Line, s *sock) script.Result {
	c, name := line.Call, line.Actor.Name
	switch c.Verb {
	case script.Poll:
		return m.poll(line, s)
	case script.Select:
		return selects(s)
	case script.Watch:
		return s.watch(name, c)
	case script.Wait:
		return s.happenings(name)
	case script.SocketErr:
		return socketError(s)
	case script.GetState:
		return script.Result{Kind: script.InState, Word: string(s.state)}
	case script.Unread:
		return unread(s)
	case script.Unacked:
		return unacked(s)
	case script.Peername:
		return peername(s)
	case script.Sockname:
		return sockname(s)
	}
	beyond("the call %s", c.Verb)
	return script.Result{}
}

// portOf is the port that a name has or had; nil for one where nobody listens.
func (m *machine) portOf(name string) *port {
	if name == script.Nobody {
		return nil
	}
	s := m.ever(name)
	if s.address == nil {
		wrong("%s has no address: it neither listens nor is bound", name)
	}
	return s.address
}
