package capture

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"

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
// written to it before a time, and returns how many events the tap got.
func Empty(pipe int, id uint64, before time.Time) (int, error) {
	t := &tracer{pipe: pipe, taps: map[*traceTap]struct{}{}, marks: map[uint64]*mark{}}
	tap := &traceTap{tracer: t, stream: newStream[KernelEvent]()}
	t.taps[tap] = struct{}{}
	m := &mark{id: id, to: before}
	t.marks[id] = m
	_, err := t.read(m)
	return len(tap.events), err
}

// Hand hands lines to a stream of these addresses, nil: of all, and returns how
// many events it got.
func Hand(of *Addresses, lines ...[]byte) int {
	t, names := &tracer{taps: map[*traceTap]struct{}{}}, map[string]string{}
	tap := &traceTap{tracer: t, of: of, stream: newStream[KernelEvent]()}
	t.taps[tap] = struct{}{}
	for _, line := range lines {
		t.hand(line, names)
	}
	return len(tap.events)
}

// Tick empties the kernel's buffer once, as is done every now and then, and returns
// how many marks have been written.
func (l *Lanes) Tick() uint64 {
	l.kernel.collect()
	l.kernel.mu.Lock()
	defer l.kernel.mu.Unlock()
	return l.kernel.marked
}

// Lines counts by their events the lines of the trace that have a text, of what
// happens meanwhile.
func (l *Lanes) Lines(text string, meanwhile func(), count map[string]int) {
	t := l.kernel
	t.collect()
	t.mu.Lock() // nobody else reads
	defer t.mu.Unlock()
	meanwhile()
	buffer, all := make([]byte, 1<<16), []byte{}
	for {
		n, err := unix.Read(t.pipe, buffer)
		if n <= 0 || err != nil {
			break
		}
		all = append(all, buffer[:n]...)
	}
	for line := range bytes.Lines(all) {
		for _, event := range []string{evidence.StateChanged, evidence.ResetReceived, evidence.ResetSent} {
			if bytes.Contains(line, []byte(event)) && bytes.Contains(line, []byte(text+":")) ||
				bytes.Contains(line, []byte(event)) && bytes.Contains(line, []byte(text+" ")) {
				count[event]++
			}
		}
	}
}

// CloseWire closes the socket of the loopback's capture.
func (l *Lanes) CloseWire() { l.wire.socket.Close() }
