package lab

import (
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness"
)

const (
	firstCalls = 32 // how many calls an Outcome keeps whatever they gave
	mostCalls  = 64 // how many it keeps in all
)

// A Record is what a [Conn] remembers with. A server that makes its system
// calls itself, a selector loop for one, keeps one for each connection. Its
// methods may be called by several goroutines at the same time.
type Record struct {
	journal *Journal

	mu      sync.Mutex
	outcome Outcome
}

// Record begins to remember a connection of the host's. Either address may be
// empty if it is not known.
func (h *Host) Record(local, remote string) *Record {
	record := &Record{journal: &h.lab.journal, outcome: Outcome{
		Host: h.name, Local: local, Remote: remote, Ending: harness.Open,
	}}
	record.journal.open(record)
	return record
}

// Remember enters a call named op, which began at start and has just returned
// err and, if it reads or writes, n bytes. It goes into the outcome and into
// the lab's journal.
func (r *Record) Remember(op Op, start time.Time, n int, err error) {
	call := Call{Op: op, Start: start, Duration: time.Since(start), Bytes: n, Ending: harness.EndingOf(err), Err: err}
	if err != nil {
		call.Error = err.Error()
	}
	r.mu.Lock()
	o := &r.outcome
	switch op {
	case Read:
		o.Received += int64(n)
	case Write:
		o.Sent += int64(n)
	}
	if len(o.Calls) < firstCalls || err != nil && len(o.Calls) < mostCalls {
		o.Calls = append(o.Calls, call)
	} else {
		o.Elided++
	}
	ending := call.Ending
	if err == nil && op.Closes() {
		ending = harness.Closed
	}
	if o.Ending == harness.Open && ending != harness.Open {
		o.Op, o.Ending, o.Error, o.Err = op, ending, call.Error, err
		o.At = start.Add(call.Duration)
	}
	entry := Entry{Host: o.Host, Conn: o.Conn, Local: o.Local, Remote: o.Remote, Call: call}
	r.mu.Unlock()
	r.journal.add(entry)
}

// Outcome returns what this end has seen so far.
func (r *Record) Outcome() Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.outcome
	o.Calls = append([]Call(nil), o.Calls...)
	return o
}
