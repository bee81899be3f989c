package lab

import "sync"

// journalLimit bounds a journal; a run that needs more is no scenario.
const journalLimit = 1 << 14

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
	entries []Entry
	lost    int
}

// Entries returns the calls so far, the first 16,384 of them.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Entry(nil), j.entries...)
}

// Lost returns how many calls came after the journal was full.
func (j *Journal) Lost() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

// number gives a new connection its number.
func (j *Journal) number() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.conns++
	return j.conns
}

func (j *Journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == journalLimit {
		j.lost++
		return
	}
	j.entries = append(j.entries, e)
}
