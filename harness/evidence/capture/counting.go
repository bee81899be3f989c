package capture

import (
	"sync"
	"time"
)

// A Reading is what the counters of a namespace say at a time.
type Reading struct {
	At     time.Time
	Values map[string]int64 // by the names of [evidence.CounterNames]
}

// Counters streams the counters of a namespace, those of this process's if of is
// nil: as they are now, whenever the time has come again, and when the stream is
// closed. Between two readings it is whole if both were possible: the kernel
// counts all. It fails if they cannot be read now.
func Counters(of Namespace, every time.Duration) (*Stream[Reading], error) {
	p := &poller{read: ReadCounters, stream: newStream[Reading](), end: make(chan struct{}), seen: begin(time.Now())}
	if of != nil {
		p.read = of.Counters
	}
	if err := p.look(); err != nil {
		return nil, err
	}
	p.stream.source = p
	p.ended.Go(func() { p.run(every) })
	return p.stream, nil
}

// A poller is the source of a stream of counters.
type poller struct {
	read   func() (map[string]int64, error)
	stream *Stream[Reading]
	end    chan struct{}
	ended  sync.WaitGroup

	mu       sync.Mutex // guards the rest
	readings []Reading
	seen     coverage
}

// mostReadings bounds what a poller holds as long as nobody takes it.
const mostReadings = 1 << 10

func (p *poller) run(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.look() // an error is in the status
		case <-p.end:
			return
		}
	}
}

// look reads the counters.
func (p *poller) look() error {
	at := time.Now()
	values, err := p.read()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.seen.doubt(err.Error())
		return err
	}
	p.seen.resume(at)
	p.seen.prove(at)
	if len(p.readings) == mostReadings { // the latest says most: counters only grow
		copy(p.readings, p.readings[1:])
		p.readings = p.readings[:mostReadings-1]
		p.seen.lost++
	}
	p.readings = append(p.readings, Reading{At: at, Values: values})
	p.stream.arrived()
	return nil
}

func (p *poller) take() []Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	readings := p.readings
	p.readings = nil
	return readings
}

func (p *poller) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.status()
}

func (p *poller) finish() ([]Reading, Status, error) {
	close(p.end)
	p.ended.Wait()
	err := p.look()
	return p.take(), p.status(), err
}
