package script

import (
	"strings"
	"time"
)

// A Script is a list of calls of the ends of TCP connections. The zero Script
// has none: it connects, and that is all.
type Script struct {
	Title string   // behind "---"; empty if there is none
	Lines []Line   // as they were written
	After []string // comments behind the last line
}

// Name is the title up to its colon: "corked" of "corked: a corked byte does
// not leave".
func (s Script) Name() string {
	name, _, _ := strings.Cut(s.Title, ":")
	return strings.TrimSpace(name)
}

// A Position is where something stands in a text. Lines and columns, which are
// characters, count from 1. The zero Position is nowhere: of a line that goes
// without saying.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// A Line is one call, with what is expected of it.
type Line struct {
	At     Position     // of the actor
	Actor  Actor        // who calls
	Call   Call         // what
	Expect *Expectation // nil if nothing is expected

	Before  []string // the comments above it, without "#"
	Comment string   // the comment behind it, without "#"
}

// Implied says that the line goes without saying: nobody wrote it.
func (l Line) Implied() bool { return l.At == Position{} }

// An Actor is who calls: a thread of an end, or one of the reserved [Network],
// [Proxy], [Wire] and [Kernel].
type Actor struct {
	Name   string // of the socket, which is one descriptor
	Thread string // which thread of the end; empty if none is named, "*" for all that wait
}

// The actors that are no sockets.
const (
	Network = "network" // the packet filter in the run's own network namespace
	Proxy   = "proxy"   // who passes a connection on
	Wire    = "wire"    // what was captured
	Kernel  = "kernel"  // what the kernel told
	Nobody  = "nobody"  // a port where nobody listens, of "connect to nobody"
)

// The names that have a meaning by habit: connect goes to Listener unless it
// says where, accept takes from it.
const (
	Listener = "listener"
	Client   = "client"
	Server   = "server"
)

// Every is the thread of a line about all threads of an end that wait.
const Every = "*"

// String writes the actor as scripts do: "client/reader".
func (a Actor) String() string {
	if a.Thread == "" {
		return a.Name
	}
	return a.Name + "/" + a.Thread
}

// reserved are the names that no socket can have.
func reserved(name string) bool {
	switch name {
	case Network, Proxy, Wire, Kernel, Nobody:
		return true
	}
	return false
}

// Steps returns the lines in the order of their calls. If no line says socket,
// bind, listen or connect, the first three make a connection: listener listen,
// client connect, server accept. A proxy that the script begins with is there
// before the client connects.
func (s Script) Steps() []Line {
	for _, line := range s.Lines {
		switch line.Call.Verb {
		case Socket, Bind, Listen, Connect:
			return s.Lines
		}
	}
	rest := s.Lines
	all := []Line{{Actor: Actor{Name: Listener}, Call: Call{Verb: Listen, N: defaultBacklog}}}
	if len(rest) > 0 && rest[0].Call.Verb == Between {
		all, rest = append(all, rest[0]), rest[1:]
	}
	all = append(all,
		Line{Actor: Actor{Name: Client}, Call: Call{Verb: Connect, Name: Listener}},
		Line{Actor: Actor{Name: Server}, Call: Call{Verb: Accept, Name: Listener}})
	return append(all, rest...)
}

// The limits of a script: what goes beyond them is a mistake, or no question
// about TCP.
const (
	mostText  = 1 << 20          // bytes of a file of scripts
	mostLines = 1000             // calls of a script
	mostNames = 64               // sockets of a script, and its threads
	mostName  = 32               // letters of a name
	mostBytes = 16 << 20         // bytes of a call
	mostTime  = 10 * time.Minute // a time that is waited
	mostValue = 1 << 30          // the value of an option
)

// patience is how long await waits unless it says how long.
const patience = 5 * time.Second
