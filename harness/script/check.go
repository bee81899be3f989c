package script

import (
	"fmt"
)

// A checker follows the calls of a script as far as one can without making
// them: which names have a socket, and which threads say that they wait.
type checker struct {
	names   map[string]*named
	threads map[Actor]thread
	errors  Errors

	proxied bool // there is a proxy
}

// A named is what is known of a name.
type named struct {
	socket *int // the same of all names of one socket
	since  Position
	ended  Verb // what gave it up; empty while it is open
	where  Position
	maybe  bool // accept was to make it, and may have failed

	connects bool // it has connected to a socket, or tried to
}

// A thread is what is known of a thread: its last call, and whether the script
// says that it waits.
type thread struct {
	call  Position
	waits bool
	back  bool // the script says that it returned
}

// check returns what is wrong with the order of the calls.
func check(s Script) Errors {
	c := &checker{names: map[string]*named{}, threads: map[Actor]thread{}}
	if len(s.Lines) > mostLines {
		c.fail(s.Lines[mostLines].At, "", "the script has more than %d lines", mostLines)
		return c.errors
	}
	implied := len(s.Lines) == 0 || len(s.Steps()) > len(s.Lines)
	for _, line := range s.Steps() {
		before := len(c.errors)
		c.line(line, implied)
		if len(c.names) > mostNames || len(c.threads) > mostNames {
			c.fail(line.At, "", "the script has more than %d names or threads", mostNames)
		}
		if len(c.errors) > before {
			break // what follows is mostly about the same
		}
	}
	return c.errors
}

func (c *checker) fail(at Position, hint, format string, arguments ...any) {
	c.errors = append(c.errors, &Error{At: at, Problem: fmt.Sprintf(format, arguments...), Hint: hint})
}

// line follows one line.
func (c *checker) line(line Line, implied bool) {
	call, name := line.Call, line.Actor.Name
	if call.Verb != Returns && line.Actor.Thread == Every {
		c.fail(line.At, name+" "+string(call.Verb), "%s/* only returns", name)
		return
	}
	if !reserved(name) {
		c.threadOf(line)
		c.nameOf(line, implied)
	}
	switch call.Verb {
	case Connect, Accept:
		if call.Name != Nobody && (c.names[call.Name] == nil || call.Verb == Accept && c.names[call.Name].ended != "") {
			c.absent(line, call.Name)
		}
	case Bind, Drops, Passes, Destroys, WireRST, WireFIN, WireBytes, Reason:
		if call.Name == Proxy && !c.proxied {
			c.fail(line.At, "proxy between client and listener", "there is no proxy")
			return
		}
		if call.Name != Proxy && call.Name != "" && c.names[call.Name] == nil {
			c.absent(line, call.Name)
		}
	case Between:
		c.proxy(line)
	}
	c.effect(line)
}

// absent says that there is no socket of the other name.
func (c *checker) absent(line Line, name string) {
	switch {
	case c.names[name] != nil:
		c.closed(line, name)
	case name == Listener:
		c.fail(line.At, "listener listen", "%s goes to listener, and no line before makes that listen", line.Call.Verb)
	default:
		c.fail(line.At, "", "%s has no socket yet", name)
	}
}

// closed says that the name has been given up.
func (c *checker) closed(line Line, name string) {
	n := c.names[name]
	c.fail(line.At, "a name is one descriptor: the next socket has another name, such as "+name+"2",
		"%s is gone since %s in line %d", name, n.ended, n.where.Line)
}

// makes says whether a verb makes the socket of a name that has none.
func (v Verb) makes() bool {
	switch v {
	case Socket, Bind, Listen, Connect, Set, Accept:
		return true
	}
	return false
}

// nameOf looks at whether the actor has a socket, and gives it one.
func (c *checker) nameOf(line Line, implied bool) {
	name, verb := line.Actor.Name, line.Call.Verb
	n := c.names[name]
	switch {
	case n == nil && verb.makes():
		c.names[name] = &named{socket: new(int), since: line.At, maybe: verb == Accept}
	case n == nil && implied:
		c.fail(line.At, "client, server and listener are there without a word; another begins with "+name+" connect",
			"%s has no socket", name)
	case n == nil:
		c.fail(line.At, name+" connect, or "+name+" accept", "%s has no socket yet", name)
	case n.ended != "" && verb != Returns && !(verb == Await && line.Call.How == "gone"):
		c.closed(line, name)
	case verb == Socket, verb == Accept && !n.maybe:
		c.fail(line.At, "a name is one descriptor: the next socket has another name, such as "+name+"2",
			"%s has a socket already", name)
	}
}

// threadOf looks at whether the thread can make a call.
func (c *checker) threadOf(line Line) {
	if line.Actor.Thread == Every || line.Implied() {
		return
	}
	t, called := c.threads[line.Actor]
	returns := line.Call.Verb == Returns
	switch {
	case returns && !called:
		c.fail(line.At, line.Actor.String()+" read 10 → waits", "%s has made no call that could return", line.Actor)
	case returns && t.back:
		c.fail(line.At, "", "%s waits for nothing: its call of line %d is to return at once", line.Actor, t.call.Line)
	case !returns && t.waits:
		c.fail(line.At, "another thread can: "+line.Actor.Name+"/two "+string(line.Call.Verb),
			"%s still waits in the call of line %d and can make no other", line.Actor, t.call.Line)
	}
	if !returns {
		t = thread{call: line.At}
	}
	if line.Expect != nil && line.Call.Verb != Await {
		t.waits, t.back = line.Expect.waits()
	}
	c.threads[line.Actor] = t
}

// waits says whether the call waits if it is as expected, and whether it has
// returned.
func (e *Expectation) waits() (waits, back bool) {
	waits, back = true, true
	for _, p := range e.Any {
		if p.Kind == Waits || p.Kind == NotYet {
			back = false
		} else {
			waits = false
		}
	}
	return waits, back
}

// effect notes what the call does to names.
func (c *checker) effect(line Line) {
	name, call := line.Actor.Name, line.Call
	n := c.names[name]
	switch {
	case n == nil:
	case call.Verb == Connect:
		n.connects = n.connects || call.Name != Nobody
	case call.Verb == Dup:
		if c.names[call.Name] != nil {
			c.fail(line.At, "a name is one descriptor: "+call.Name+"2", "%s has a socket already", call.Name)
			return
		}
		c.names[call.Name] = &named{socket: n.socket, since: line.At}
	case call.Verb == Kill || call.Verb == Vanish:
		for _, other := range c.names {
			if other.socket == n.socket && other.ended == "" {
				other.ended, other.where = call.Verb, line.At
			}
		}
	case call.Verb.Ends():
		n.ended, n.where = call.Verb, line.At
	}
}
