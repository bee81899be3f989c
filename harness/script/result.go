package script

import (
	"slices"
	"strconv"
	"strings"
)

// A Kind says what kind of thing came of a call.
type Kind string

// The kinds of results. Those of the second group are only expected, never what
// came.
const (
	OK      Kind = "ok"      // it succeeded, and gave nothing
	Data    Kind = "data"    // it read bytes: Data
	Count   Kind = "count"   // it took or counted: Count
	EOF     Kind = "EOF"     // it read the end of the stream
	Failed  Kind = "errno"   // it failed: Errno
	None    Kind = "none"    // there is no error, no reason, no name
	Nothing Kind = "nothing" // no event has happened
	Waits   Kind = "waits"   // it has not returned
	NotYet  Kind = "not yet" // it has still not returned, or what was awaited has not come
	Full    Kind = "full"    // the next byte would have to wait; Count went in before
	Happens Kind = "events"  // Events have happened
	InState Kind = "state"   // the connection is in a state: Word
	Then    Kind = "then"    // Count bytes were read, and then came End
	Word    Kind = "word"    // a reason or a name: Word
	Unknown Kind = "unknown" // nobody can tell; Word says why

	Partial Kind = "partial" // fewer than were asked for, at least one
	Some    Kind = "some"    // at least one
)

// A Result is what came of one call. The zero Result is none.
type Result struct {
	Kind    Kind   `json:"kind"`
	Count   int    `json:"count,omitempty"` // bytes; segments that wire counts
	Data    string `json:"data,omitempty"`  // the bytes that were read
	Errno   Errno  `json:"errno,omitempty"`
	SIGPIPE bool   `json:"sigpipe,omitempty"` // the signal came with the error
	Events  Events `json:"events,omitempty"`
	Word    string `json:"word,omitempty"` // a state, a reason, a name; why it is unknown
	End     Kind   `json:"end,omitempty"`  // of Then: EOF, Failed or Nothing
	Of      Kind   `json:"of,omitempty"`   // of Then where the count is not known: All or Less

	// Asked is how many bytes the call asked for. Read is what this end has read
	// in all, this call's bytes included, and Written what the other end had
	// written to it. They decide what "partial", "all" and "less" are.
	Asked   int   `json:"asked,omitempty"`
	Read    int64 `json:"read,omitempty"`
	Written int64 `json:"written,omitempty"`
}

// longestText is how many bytes a result shows; of more it has the number.
const longestText = 64

// String writes the result as an expectation that it meets, but for Unknown.
func (r Result) String() string {
	switch r.Kind {
	case Data:
		if len(r.Data) > longestText {
			return strconv.Itoa(len(r.Data))
		}
		return quote(r.Data)
	case Count:
		return strconv.Itoa(r.Count)
	case Failed:
		return r.failure()
	case Happens:
		return r.Events.String()
	case InState, Word:
		return r.Word
	case Then:
		end := string(r.End)
		if r.End == Failed {
			end = string(r.Errno)
		}
		if r.Of != "" {
			return string(r.Of) + " then " + end
		}
		return strconv.Itoa(r.Count) + " then " + end
	case Unknown:
		return "unknown: " + r.Word
	}
	return string(r.Kind)
}

// failure writes an errno: of EPIPE it says whether the signal came.
func (r Result) failure() string {
	switch {
	case r.SIGPIPE:
		return string(r.Errno) + " SIGPIPE"
	case r.Errno == "EPIPE":
		return "EPIPE alone"
	}
	return string(r.Errno)
}

// quote writes bytes as scripts do: in double quotes, with \", \\, \n, \r, and
// \xHH for what cannot be printed.
func quote(bytes string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(bytes); {
		size := 1
		switch c := bytes[i]; c {
		case '"', '\\':
			b.WriteString(`\` + string(c))
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			size = printable(bytes[i:])
			if size == 0 {
				size = 1
				b.WriteString(`\x` + strconv.FormatUint(uint64(c)|0x100, 16)[1:])
			} else {
				b.WriteString(bytes[i : i+size])
			}
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// Events is a set of the events of poll(2).
type Events uint8

// The events, each a set of one.
const (
	IN    Events = 1 << iota // there is something to read, also an end
	PRI                      // there is urgent data
	OUT                      // there is room to write
	ERR                      // an error waits
	HUP                      // both directions are over
	RDHUP                    // the peer has finished
)

// eventNames are in the order in which events are printed.
var eventNames = []string{"IN", "PRI", "OUT", "ERR", "HUP", "RDHUP"}

// eventOf finds an event by its name.
func eventOf(name string) (Events, bool) {
	i := slices.Index(eventNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// String writes the events in poll(2)'s words: "IN OUT".
func (e Events) String() string {
	var names []string
	for i, name := range eventNames {
		if e&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// MarshalText writes the events as [Events.String] does.
func (e Events) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what [Events.MarshalText] wrote; words that are no events
// are an error.
func (e *Events) UnmarshalText(text []byte) error {
	*e = 0
	for word := range strings.FieldsSeq(string(text)) {
		event, ok := eventOf(word)
		if !ok {
			return &Error{Problem: "there is no event " + strconv.Quote(word)}
		}
		*e |= event
	}
	return nil
}
