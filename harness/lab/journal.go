package lab

import "sync"

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
