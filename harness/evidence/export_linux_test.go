package evidence

// MountTracefs mounts tracefs nowhere.
var MountTracefs = mountTracefs

// Hold keeps the lanes from being read until release is called, and leaves the
// kernel little room for them.
func (l *Lanes) Hold() (release func()) {
	wire, kernel := l.wire.(*capture), l.kernel.(*tracer)
	if err := kernel.set("buffer_size_kb", "1024"); err != nil {
		panic(err)
	}
	wire.mu.Lock()
	kernel.mu.Lock()
	return func() {
		kernel.mu.Unlock()
		wire.mu.Unlock()
	}
}

// PassEverywhere is what is done where packets wait in queues.
var PassEverywhere = passEverywhere

// QueuesEmpty says whether no packet waits in a queue.
var QueuesEmpty = queuesEmpty

// Empty has a tracer with a tap empty a pipe, and returns how many events the
// tap got.
func Empty(pipe int) (int, error) {
	t := &tracer{pipe: pipe, taps: map[*traceTap]struct{}{}, marks: map[uint64]*mark{}}
	tap := &traceTap{tracer: t}
	t.taps[tap] = struct{}{}
	err := t.empty()
	return len(tap.traces), err
}

// Set writes a setting of the trace instance.
func (l *Lanes) Set(file, value string) error { return l.kernel.(*tracer).set(file, value) }

// ParseOverruns reads the stats of a processor's trace buffer.
var ParseOverruns = parseOverruns
