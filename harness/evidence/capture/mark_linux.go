package capture

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A mark is what we write into our trace instance between the kernel's own
// events. That it comes back, and with a time at which it was written, proves
// two things: that the events around it come back too, and that their times are
// those of the wall clock.
type mark struct {
	id       uint64
	from, to time.Time // between which it was written
	back     bool      // it has come back
	at       time.Time // the time that it had
}

// markSlack is by how much the time of a mark may miss: tracepoints are printed
// in whole microseconds, and their clock is read without a lock, beside an
// adjustment (Documentation/core-api/timekeeping.rst, ktime_get_tai_fast_ns).
const markSlack = 100 * time.Microsecond

// mark writes a mark (Documentation/trace/ftrace.rst, trace_marker). mu is held.
func (t *tracer) mark() (*mark, error) {
	t.marked++
	m := &mark{id: t.marked}
	t.marks[m.id] = m
	text := markPrefix + strconv.FormatUint(m.id, 10)
	m.from = time.Now().Round(0) // the wall clock, as the mark's
	err := t.set("trace_marker", text)
	m.to = time.Now().Round(0)
	if err != nil {
		delete(t.marks, m.id)
		return nil, err
	}
	return m, nil
}

// cameBack notes that a mark has come back. mu is held.
func (t *tracer) cameBack(id uint64, at time.Time) {
	if m := t.marks[id]; m != nil {
		m.back, m.at = true, at
	}
}

// passed says whether a line is of what happened after the mark was written.
func (m *mark) passed(line []byte, ahead time.Duration) bool {
	head, _, found := bytes.Cut(line, []byte(": tcp_"))
	if !found {
		head, _, found = bytes.Cut(line, []byte(": inet_sock_set_state: "))
	}
	at, err := parseStamp(string(head[bytes.LastIndexByte(head, ' ')+1:]))
	return found && err == nil && (at - instant(ahead)).time().After(m.to.Add(markSlack))
}

// check says what a mark does not prove; nil if it has come back as it should.
func (m *mark) check() error {
	switch {
	case !m.back:
		return errors.New("a mark written to the trace did not come back")
	case m.at.Before(m.from.Add(-markSlack)):
		return fmt.Errorf("a mark written to the trace came back %v too early: the clocks differ", m.from.Sub(m.at))
	case m.at.After(m.to.Add(markSlack)):
		return fmt.Errorf("a mark written to the trace came back %v too late: the clocks differ", m.at.Sub(m.to))
	}
	return nil
}

// overruns returns how many events the buffers of all processors had no room
// for since the instance was made (per_cpu/cpuN/stats).
func (t *tracer) overruns() (uint64, error) {
	paths, err := filepath.Glob(filepath.Join(t.instance, "per_cpu/cpu*/stats"))
	if err != nil || len(paths) == 0 {
		return 0, errors.Join(errors.New("the trace instance does not say what it has lost"), err)
	}
	var sum uint64
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, fmt.Errorf("ask for what was lost: %w", errors.Unwrap(err))
		}
		lost, err := parseOverruns(string(text))
		if err != nil {
			return 0, err
		}
		sum += lost
	}
	return sum, nil
}

// parseOverruns reads how many events a processor's buffer has lost: overwritten
// before they were read, or not taken in.
func parseOverruns(text string) (lost uint64, err error) {
	found := 0
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "overrun", "commit overrun", "dropped events":
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("a trace buffer's stats: %s: %w", name, err)
			}
			lost += n
			found++
		}
	}
	if found < 2 {
		return 0, errors.New("a trace buffer's stats do not say what was lost")
	}
	return lost, nil
}
