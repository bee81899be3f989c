package lab

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/tcp"
)

// What bounds a journal; a run that needs more is no scenario.
const (
	journalLimit  = 1 << 14 // calls
	outcomesLimit = 1 << 12 // connections whose outcomes it has
)

// An Entry is one call in a [Journal], with who made it.
type Entry struct {
	Host   string `json:"host"`
	Conn   int    `json:"conn"` // numbered from 1 in the order of opening
	Local  string `json:"local,omitempty"`
	Remote string `json:"remote,omitempty"`
	Call   Call   `json:"call"`
}

// A Journal holds the calls of all connections of a lab in the order in which
// they returned.
type Journal struct {
	mu      sync.Mutex
	conns   int
	records []*Record
	entries []Entry
	lost    int
	follow  []func(Entry)
}

// Entries returns the calls so far, the first 16,384 of them.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Entry(nil), j.entries...)
}

// Follow has f called with each call from now on when it has returned, also when
// the journal is full. f must be quick, and must not use the journal.
func (j *Journal) Follow(f func(Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.follow = append(j.follow, f)
}

// Lost returns how many calls came after the journal was full.
func (j *Journal) Lost() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

// Outcomes returns what the ends of the connections have seen so far, in the
// order of opening, those of the first 4096. Processes tell of a connection
// when it is over.
func (j *Journal) Outcomes() []Outcome {
	j.mu.Lock()
	records := append([]*Record(nil), j.records...)
	j.mu.Unlock()
	var outcomes []Outcome
	for _, record := range records {
		outcomes = append(outcomes, record.Outcome())
	}
	return outcomes
}

// open gives a new connection its number.
func (j *Journal) open(r *Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.conns++
	r.outcome.Conn = j.conns
	if len(j.records) < outcomesLimit {
		j.records = append(j.records, r)
	}
}

// adopt enters a connection of a process, which has a journal of its own.
func (j *Journal) adopt(outcome Outcome) {
	record := &Record{journal: j, outcome: outcome}
	j.open(record)
	for _, call := range outcome.Calls {
		j.add(Entry{Host: outcome.Host, Conn: record.outcome.Conn, Local: outcome.Local, Remote: outcome.Remote, Call: call})
	}
}

func (j *Journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range j.follow {
		f(e)
	}
	if len(j.entries) == journalLimit {
		j.lost++
		return
	}
	j.entries = append(j.entries, e)
}

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
	if goesOn(err) {
		call.Ending, call.Err = harness.Open, nil
	}
	r.enter(call)
}

// goesOn says whether an error only says that a call has not done its work yet
// (connect(2), EINPROGRESS and EALREADY; read(2), EAGAIN): what comes of it is
// told elsewhere.
func goesOn(err error) bool {
	return errors.Is(err, syscall.EINPROGRESS) || errors.Is(err, syscall.EALREADY) || errors.Is(err, syscall.EAGAIN)
}

// enter enters a call into the outcome and into the journal.
func (r *Record) enter(call Call) {
	r.mu.Lock()
	o := &r.outcome
	switch call.Op {
	case Read:
		o.Received += int64(call.Bytes)
	case Write:
		o.Sent += int64(call.Bytes)
	}
	if o.Calls == nil {
		o.Calls = make([]Call, 0, 4) // connect, write, read, close
	}
	if len(o.Calls) < firstCalls || call.Err != nil && len(o.Calls) < mostCalls {
		o.Calls = append(o.Calls, call)
	} else {
		o.Elided++
	}
	ending := call.Ending
	if call.Err == nil && call.Op.Closes() {
		ending = harness.Closed
	}
	// An error that ends no connection gives way to what ends it.
	if o.Ending == harness.Open && ending != harness.Open || o.Ending == harness.Other && ending != harness.Open && ending != harness.Other {
		o.Op, o.Ending, o.Error, o.Err = call.Op, ending, call.Error, call.Err
		o.At = call.Start.Add(call.Duration)
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

// The words of a lab are those of package tcp.
type (
	Op      = tcp.Op      // a call on a connection
	Call    = tcp.Call    // one call and its result
	Outcome = tcp.Outcome // what one end saw of one connection
)

// The calls that a Conn remembers: see [tcp.Op].
const (
	Connect      = tcp.Connect
	Accept       = tcp.Accept
	Read         = tcp.Read
	Write        = tcp.Write
	Shutdown     = tcp.Shutdown
	ShutdownRead = tcp.ShutdownRead
	CloseOp      = tcp.Close
	Abort        = tcp.Abort
	Disconnect   = tcp.Disconnect
	Poll         = tcp.Poll
	SocketErr    = tcp.SocketError
)
