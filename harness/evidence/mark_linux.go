package evidence

import (
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
	from, to instant // between which it was written
	back     bool    // it has come back
	at       instant // the time that it had
}

// markSlack is by how much the time of a mark may miss: tracepoints are printed
// in whole microseconds, and their clock is read without a lock, beside an
// adjustment (Documentation/core-api/timekeeping.rst, ktime_get_tai_fast_ns).
const markSlack = instant(100 * time.Microsecond)

// mark writes a mark (Documentation/trace/ftrace.rst, trace_marker). mu is held.
func (t *tracer) mark() (*mark, error) {
	t.marked++
	m := &mark{id: t.marked}
	t.marks[m.id] = m
	text := markPrefix + strconv.FormatUint(m.id, 10)
	m.from = instantOf(time.Now())
	err := t.set("trace_marker", text)
	m.to = instantOf(time.Now())
	if err != nil {
		delete(t.marks, m.id)
		return nil, err
	}
	return m, nil
}

// cameBack notes that a mark has come back. mu is held.
func (t *tracer) cameBack(id uint64, at instant) {
	if m := t.marks[id]; m != nil {
		m.back, m.at = true, at
		delete(t.marks, id)
	}
}

// check says what a mark does not prove; nil if it has come back as it should.
func (m *mark) check(which string) error {
	switch {
	case !m.back:
		return fmt.Errorf("the mark written at its %s did not come back", which)
	case m.at < m.from-markSlack:
		return fmt.Errorf("the mark written at its %s came back %v too early: the clocks differ", which,
			time.Duration(m.from-m.at))
	case m.at > m.to+markSlack:
		return fmt.Errorf("the mark written at its %s came back %v too late: the clocks differ", which,
			time.Duration(m.at-m.to))
	}
	return nil
}

// finish reads all that happened until now. doubt says why it cannot be known
// whether that is all, nil if it is. mu is held.
func (p *traceTap) finish() (doubt, err error) {
	t, doubt := p.tracer, p.doubt
	end, failed := t.mark()
	if failed != nil {
		doubt = errors.Join(doubt, failed)
		err = t.empty()
	} else {
		err = t.read(func(instant) bool { return end.back })
		doubt = errors.Join(doubt, end.check("end"))
		delete(t.marks, end.id)
	}
	if p.begin != nil {
		doubt = errors.Join(doubt, p.begin.check("beginning"))
		delete(t.marks, p.begin.id)
	}
	overrun, failed := t.overruns()
	p.lost = max(p.lost, overrun-p.overrun)
	return errors.Join(doubt, failed), err
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
