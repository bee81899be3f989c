package record

import (
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
)

// Calls streams the calls of a lab's connections, each when it has returned. It
// holds at most so many that nobody has taken. Those of processes come when
// their connections are over.
func Calls(l *lab.Lab, most int) *capture.Stream[lab.Entry] {
	feed := capture.NewFeed[lab.Entry](most)
	l.Journal().Follow(feed.Push)
	return feed.Stream
}
