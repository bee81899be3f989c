package capture

import (
	"github.com/resetlab/resetlab/harness/evidence"
)

// MountTracefs mounts tracefs nowhere.
var MountTracefs = mountTracefs

// Hold keeps the packets from being read until release is called.
func (l *Lanes) Hold() (release func()) {
	l.wire.mu.Lock()
	return l.wire.mu.Unlock
}

// Set writes a setting of the trace instance.
func (l *Lanes) Set(file, value string) error { return l.kernel.set(file, value) }

// PassEverywhere is what is done where packets wait in queues.
var PassEverywhere = passEverywhere

// QueuesEmpty says whether no packet waits in a queue.
var QueuesEmpty = queuesEmpty

// ParseOverruns reads the stats of a processor's trace buffer.
var ParseOverruns = parseOverruns

// Empty has a tracer with a tap read a pipe until a mark comes back that was
// written to it, and returns how many events the tap got.
func Empty(pipe int, id uint64) (int, error) {
	t := &tracer{pipe: pipe, taps: map[*traceTap]struct{}{}, marks: map[uint64]*mark{}}
	tap := &traceTap{tracer: t, stream: newStream[evidence.KernelEvent]()}
	t.taps[tap] = struct{}{}
	m := &mark{id: id}
	t.marks[id] = m
	_, err := t.read(m)
	return len(tap.events), err
}

// CloseWire closes the socket of the loopback's capture.
func (l *Lanes) CloseWire() { l.wire.socket.Close() }
