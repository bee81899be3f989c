package script

import (
	"errors"
	"fmt"
	"slices"
)

// proxy looks at a line about the proxy, which must be there before anybody
// connects to it.
func (c *checker) proxy(line Line) {
	call := line.Call
	n := c.names[call.Name]
	switch {
	case c.proxied:
		c.fail(line.At, "", "there is a proxy already")
	case call.Name == call.Other:
		c.fail(line.At, "proxy between client and listener", "a proxy is between two sockets")
	case c.names[call.Other] == nil:
		c.absent(line, call.Other)
	case n != nil && n.connects:
		c.fail(line.At, "first listener listen, then the proxy, then "+call.Name+" connect",
			"%s has connected already: the proxy comes before that", call.Name)
	}
	c.proxied = true
}

// ByProxy returns the script with a proxy between the first who connects to
// somebody and whom it connects to, stock or ResetLab's own. An error says why it
// has none to stand between. The new line goes without saying.
func (s Script) ByProxy(stock bool) (Script, error) {
	line := Line{Actor: Actor{Name: Proxy}, Call: Call{Verb: Between, Name: Client, Other: Listener}}
	if stock {
		line.Call.How = "stock"
	}
	for _, other := range s.Lines {
		if other.Call.Verb == Between {
			return s, fmt.Errorf("line %d has a proxy already: %s", other.At.Line, other)
		}
	}
	if len(s.Steps()) > len(s.Lines) { // the client connects without a word
		s.Lines = slices.Concat([]Line{line}, s.Lines)
		return s, nil
	}
	for i, other := range s.Lines {
		if other.Call.Verb == Connect && other.Call.Name != Nobody && other.Call.Name != other.Actor.Name {
			line.Call.Name, line.Call.Other = other.Actor.Name, other.Call.Name
			s.Lines = slices.Insert(slices.Clone(s.Lines), i, line)
			return s, nil
		}
	}
	return s, errors.New("nobody connects to a socket of the script, so that a proxy has nothing to stand between")
}
