package audit

import (
	"fmt"
	"net/netip"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Recorder records what happens on the wire in a cell. Package cards has
// one.
type Recorder interface {
	// Record begins to record a cell.
	Record(c point.Cell) (Recording, error)
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
func (l *localInjector) record() error {
	if l.options.Recorder == nil || l.subject.TLS != nil {
		return nil
	}
	recording, err := l.options.Recorder.Record(l.cell)
	if err != nil {
		return fmt.Errorf("record the cell: %w", err)
	}
	l.recording, l.source = recording, recording.IP()
	recording.Note("origin", l.subject.Origin.Addr())
	return nil
}

// nameEndpoint tells the recording of a socket of the proxy.
func (l *localInjector) nameEndpoint(address string) {
	if l.recording != nil {
		l.recording.Note(string(harness.ByProxy), address)
	}
}

// stopRecording ends the recording and returns its story; empty if there is none,
// or it has ended.
func (l *localInjector) stopRecording() (string, error) {
	if l.recording == nil || l.recorded {
		return "", nil
	}
	l.recorded = true
	card, err := l.recording.Stop()
	if err != nil {
		return "", fmt.Errorf("end the recording: %w", err)
	}
	return card, nil
}
