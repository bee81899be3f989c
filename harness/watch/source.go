package watch

import (
	"context"
	"time"
)

// The sources, the best one first.
const (
	SourceEBPF    = "ebpf"    // everything of an Event
	SourceTracefs = "tracefs" // ends, reasons, states and the process at hand
	// SourceCounters tells how many, and of which connections that may be.
	SourceCounters = "counters"
)

// A source streams events.
type source interface {
	// read hands over the events of the time until a deadline, and waits for that
	// or for the context's end, which is no error.
	read(ctx context.Context, until time.Time, each func(Event)) error
	// finish hands over all that has happened up to now. Some sources end with it.
	finish(each func(Event)) error
	// holders says which processes hold the sockets of events, by their cookies;
	// false if it cannot.
	holders(each func(cookie uint64, p Process)) (bool, error)
	// folding says whether events of a slot are only counted at the time.
	folding(slot uint16) bool
	// counts returns how many events there were and how many of them are lost. What
	// has been folded is not lost.
	counts() (seen, lost uint64)
	// lacks says what this source does not tell here, and what would give it.
	lacks() []string
	close() error
}
