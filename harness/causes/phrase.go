package causes

import (
	"slices"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A Phrase is what programs say when a connection ends.
type Phrase struct {
	// Words are how it may be written; case and punctuation do not matter. An …
	// stands for what differs from line to line, such as an address. What
	// begins with = counts only if nothing else is said, such as "=104".
	Words  []string
	Of     string     // who says it: "curl"; empty for the system's own names
	Ending tcp.Ending // how the connection ended; empty if the words do not tell
	Sure   string     // what is certain for one who reads it, in sentences
	Known  string     // how that is known
	Points []Pointer  // what it can be; those of the Ending if it has none of its own
	Settle []string   // what would tell those apart; likewise
	Wraps  bool       // the words say that something failed, and other words beside them why
}

// A Pointer says that a phrase may have a cause.
type Pointer struct {
	Cause string // its name
	Odds  Odds
	When  string // what speaks for it, in a phrase
}

// Odds say how sure it is that a phrase has a cause.
type Odds string

// The words alone never make a cause certain.
const (
	Likely   Odds = "likely"   // the usual cause of these words
	Possible Odds = "possible" // one of several that look the same
)

// Phrases returns every phrase that is known, those of the system itself first.
func Phrases() []Phrase {
	return slices.Concat(systems, golang, java, scripts, node, browsers, tools, secured, sessions, databases, gateways, servers,
		dotnet, rust)
}

// general returns the system's own phrase of an ending.
func general(ending tcp.Ending) (Phrase, bool) {
	for _, p := range systems {
		if p.Ending == ending {
			return p, true
		}
	}
	return Phrase{}, false
}

// Causes returns what the phrase can be: its own pointers or, if it has none,
// those of its ending.
func (p Phrase) Causes() []Pointer {
	if g, ok := general(p.Ending); ok && len(p.Points) == 0 {
		return g.Points
	}
	return p.Points
}

// Settles returns what tells the causes apart: its own questions or, if it has
// none, those of its ending.
func (p Phrase) Settles() []string {
	if g, ok := general(p.Ending); ok && len(p.Settle) == 0 {
		return g.Settle
	}
	return p.Settle
}
