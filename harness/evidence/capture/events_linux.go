package capture

import (
	"errors"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A traceTap is the source of a stream of kernel events.
type traceTap struct {
	tracer  *tracer
	of      *Addresses // nil: all
	stream  *Stream[KernelEvent]
	events  []KernelEvent
	seen    coverage
	overrun uint64 // what the kernel had lost before
	told    uint64 // what the lines have said was lost
}

// hand hands a line to the taps. names has the processes that were named
// already.
func (t *tracer) hand(line []byte, names map[string]string) {
	if id, at, ok := parseMark(line, t.ahead); ok {
		t.cameBack(id, at.time())
		return
	}
	lost := lostTraces(line)
	if lost == 0 && !t.mayBeWanted(line) {
		return
	}
	trace, err := parseTrace(string(line), t.ahead)
	if err == nil && trace.Name != evidence.StateChanged {
		trace.nameProcess(names)
	}
	for tap := range t.taps {
		tap.told += lost
		switch {
		case lost > 0:
			tap.seen.lose(lost, time.Now(), "the kernel's buffer was full")
		case errors.Is(err, errNoTrace), !tap.of.mayBeIn(line), err == nil && !tap.of.wants(&trace):
		case err != nil:
			tap.seen.lose(1, time.Now(), err.Error())
		case len(tap.events) == mostTraces:
			tap.seen.lose(1, time.Now(), "the kernel's events were not taken in time")
		default:
			tap.events = append(tap.events, trace.KernelEvent)
		}
	}
}

// mayBeWanted says whether a line may be for one of the taps. On a busy machine
// nearly none is.
func (t *tracer) mayBeWanted(line []byte) bool {
	for tap := range t.taps {
		if tap.of.mayBeIn(line) {
			return true
		}
	}
	return false
}

func (p *traceTap) take() []KernelEvent {
	p.tracer.mu.Lock()
	defer p.tracer.mu.Unlock()
	events := p.events
	p.events = nil
	return events
}

func (p *traceTap) status() Status {
	p.tracer.mu.Lock()
	defer p.tracer.mu.Unlock()
	return p.seen.status()
}

func (p *traceTap) finish() ([]KernelEvent, Status, error) {
	t := p.tracer
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.beat()
	overrun, failed := t.overruns()
	if failed != nil {
		p.seen.doubt(failed.Error())
	} else if overrun > p.overrun+p.told {
		p.seen.loseSomewhere(overrun-p.overrun-p.told, time.Now(), "the kernel's buffer was full")
	}
	delete(t.taps, p)
	t.forget(p.of)
	if len(t.taps) == 0 {
		t.emptying.Stop()
		err = errors.Join(err, t.set("tracing_on", "0"))
	}
	return p.events, p.seen.status(), err
}
