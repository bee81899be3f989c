package audit

import (
	"fmt"
	"net/netip"

	"github.com/resetlab/resetlab/harness"
)

// A Recorder records what happens on the wire in a cell. Package cards has
// one.
type Recorder interface {
	// Record begins to record a cell.
	Record(c Cell) (Recording, error)
}

// A Recording is one that runs. A cell that is recorded has an address of the
// recording's.
type Recording interface {
	// IP is where the cell has to take place.
	IP() netip.Addr
	// Note says whose an address, host:port, is: the proxy's or the origin's.
	Note(host, address string)
	// Stop ends the recording and returns the story that it tells, as plain
	// text.
	Stop() (card string, err error)
}

// record begins to record the cell if that is wanted. Between a client and its
// TLS nothing is recorded.
func (t *trial) record() error {
	if t.options.Recorder == nil || t.subject.TLS != nil {
		return nil
	}
	recording, err := t.options.Recorder.Record(t.cell)
	if err != nil {
		return fmt.Errorf("record the cell: %w", err)
	}
	t.recording, t.source = recording, recording.IP()
	recording.Note("origin", t.subject.Origin.Addr())
	return nil
}

// note tells the recording of a socket of the proxy.
func (t *trial) note(address string) {
	if t.recording != nil {
		t.recording.Note(string(harness.ByProxy), address)
	}
}

// told ends the recording and returns its story; empty if there is none, or it
// has been told.
func (t *trial) told() (string, error) {
	if t.recording == nil || t.toldAll {
		return "", nil
	}
	t.toldAll = true
	card, err := t.recording.Stop()
	if err != nil {
		return "", fmt.Errorf("end the recording: %w", err)
	}
	return card, nil
}
