package protocols

import (
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// Bytes is any protocol: nothing is known of what the bytes mean. Beside the
// places here those of [point.AtByte] are there, as in every protocol. Every
// connection is a call's.
func Bytes() point.Protocol { return anyBytes{} }

type anyBytes struct{}

func (anyBytes) Name() string { return "bytes" }

func (anyBytes) Places() []point.Place {
	return []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte, whichever way it goes, is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the call", Primed: true, Idle: true},
	}
}

func (anyBytes) Watch() point.Watcher { return &bytesWatcher{} }

type bytesWatcher struct{ begun bool }

// See names the first byte; the one exchange is the connection.
func (w *bytesWatcher) See(harness.End, []byte) []point.Moment {
	m := point.Moment{Exchange: 1}
	if !w.begun {
		m.Place = "P1"
	}
	w.begun = true
	return []point.Moment{m}
}

// Request returns nil: requests are not told apart.
func (w *bytesWatcher) Request(int) []byte { return nil }
