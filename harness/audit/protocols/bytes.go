package protocols

import (
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
)

// Bytes is any protocol: nothing is known of what the bytes mean. Beside the
// places here those of [audit.AtByte] are there, as in every protocol. Every
// connection is a call's.
func Bytes() audit.Protocol { return anyBytes{} }

type anyBytes struct{}

func (anyBytes) Name() string { return "bytes" }

func (anyBytes) Places() []audit.Place {
	return []audit.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []audit.Fault{audit.Refuse}},
		{ID: "P1", Says: "connected; the first byte, whichever way it goes, is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the call", Primed: true, Idle: true},
	}
}

func (anyBytes) Watch() audit.Watcher { return &bytesWatcher{} }

type bytesWatcher struct{ begun bool }

// See names the first byte; the one exchange is the connection.
func (w *bytesWatcher) See(harness.End, []byte) []audit.Moment {
	m := audit.Moment{Exchange: 1}
	if !w.begun {
		m.Place = "P1"
	}
	w.begun = true
	return []audit.Moment{m}
}

// Request returns nil: requests are not told apart.
func (w *bytesWatcher) Request(int) []byte { return nil }
