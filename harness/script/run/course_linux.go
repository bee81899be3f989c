package run

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
)

// A course is the run of one script.
type course struct {
	*Runner
	ctx     context.Context
	answer  script.Answer
	ends    map[string]*end   // by name
	order   []*end            // as they came
	ports   map[uint16]string // the names that had them first
	threads map[script.Actor]*thread
	waiting []*call // that have not returned, in the order of their calls
	orphans bool    // a descriptor was given up: its connection may live on
	rules   []rule  // of the packet filter
	kept    [][]byte
	corked  time.Time // when the first line was made by which bytes are kept back; zero: none was
	resent  bool      // a segment was sent again since a line waited for something
	proxy   *proxy    // nil before a line starts it

	lab      *lab.Lab // nil if nothing is recorded
	recorder *record.Recorder
	later    []question // about the wire and the kernel, to be answered at the end
}

// corkTimer is when the kernel sends what TCP_CORK or MSG_MORE keeps back
// (tcp_check_probe_timer, include/net/tcp.h: TCP_RTO_MIN). Other results may come
// where a busy machine takes that long for a script.
const corkTimer = 200 * time.Millisecond

// A rule of the packet filter is about segments toward an end.
type rule struct {
	toward string
	block  *netlab.Block
}

// A call is one call of a script's thread on its way.
type call struct {
	line   script.Line
	end    *end // nil of accept, until it has returned
	from   *end // accept's
	thread *thread
	job    *job
	start  time.Time
	noted  bool // what it changed has been taken over
}

// waitsAt is the end that a call waits at.
func (w *call) waitsAt() *end {
	if w.end == nil {
		return w.from
	}
	return w.end
}

// A mistake is what is wrong with the script as the calls have come out.
type mistake struct {
	line    script.Line
	problem string
}

func (m *mistake) Error() string {
	if m.line.Implied() {
		return fmt.Sprintf("%s: %s", m.line, m.problem)
	}
	return fmt.Sprintf("line %d, column %d: %s: %s", m.line.At.Line, m.line.At.Column, m.line, m.problem)
}

func mistakef(line script.Line, format string, arguments ...any) error {
	return &mistake{line, fmt.Sprintf(format, arguments...)}
}

// step makes the call of a line and waits until the line is over.
func (c *course) step(line script.Line) (script.Step, error) {
	if v := line.Call.Verb; v.Ends() && v != script.Kill || v == script.Disconnect {
		// A process that is just being forked has copies of all descriptors until
		// it executes its program: closing ours would not be the last of them.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
	}
	if c.corked.IsZero() && line.Call.Corks() {
		c.corked = time.Now()
	}
	step := script.Step{Line: line}
	before := len(c.returned())
	results, err := c.results(line)
	if err != nil {
		return step, err
	}
	step.Results = results
	if !c.corked.IsZero() && time.Since(c.corked) >= corkTimer {
		step.Doubt = fmt.Sprintf("%v after its first byte the kernel sends what a cork keeps back, and this line came later than that", corkTimer)
	}
	switch line.Call.Verb {
	case script.Returns, script.Await: // what was waited for may have come by a timer
		c.resent = false
	default:
		if c.resent {
			step.Doubt = "a segment was sent again before: a timer of the kernel may have come first, as on a machine that is slow"
		}
	}
	woken := len(c.returned()) - before
	if line.Call.Verb != script.Returns && woken > 1 {
		step.Note = fmt.Sprintf("%d waiting calls returned: in which order is the scheduler's choice", woken)
	}
	return step, nil
}

// returned lists the calls that had to wait and have returned, which nobody has
// asked for yet.
func (c *course) returned() (all []*call) {
	for _, w := range c.waiting {
		if w.job.over.Load() {
			all = append(all, w)
		}
	}
	return all
}

// results makes the call of a line and says what came of it.
func (c *course) results(line script.Line) ([]script.Result, error) {
	one := func(r script.Result, err error) ([]script.Result, error) { return []script.Result{r}, err }
	switch line.Actor.Name {
	case script.Network:
		return one(c.network(line))
	case script.Proxy:
		return one(c.between(line))
	case script.Wire, script.Kernel:
		return one(c.ask(line))
	}
	switch line.Call.Verb {
	case script.Returns:
		return c.returns(line)
	case script.Await:
		return one(c.await(line))
	case script.Fill:
		return one(c.fill(line))
	case script.Drain:
		return one(c.drain(line))
	case script.Kill:
		return one(c.kill(line))
	case script.Vanish:
		return one(c.vanish(line))
	}
	return one(c.make(line))
}

// make makes a call, which may have to wait.
func (c *course) make(line script.Line) (script.Result, error) {
	e, err := c.endOf(line)
	if err != nil {
		return script.Result{}, err
	}
	number, do, err := c.action(line, e)
	if err != nil {
		return script.Result{}, err
	}
	made, err := c.begin(line, e, newJob(number, do))
	if err != nil {
		return script.Result{}, err
	}
	if err := c.settle(); err != nil {
		return script.Result{}, fmt.Errorf("%s: %w", line, err)
	}
	// A connect that needed its SYN sent again has waited, even if it is over by now.
	late := line.Call.Verb == script.Connect && e.socket.last.retransmits > 0
	if !made.job.over.Load() || late && made.job.result.Kind == script.OK {
		c.waiting = append(c.waiting, made)
		switch line.Call.Verb {
		case script.Close: // the descriptor is gone, whatever it waits for
			c.givenUp(e)
		case script.Connect:
			c.learn(e)
		}
		return script.Result{Kind: script.Waits, Asked: line.Call.Asked()}, nil
	}
	return c.finish(made), nil
}

// begin has the thread of a line begin a job.
func (c *course) begin(line script.Line, e *end, j *job) (*call, error) {
	t, err := c.threadOf(line)
	if err != nil {
		return nil, err
	}
	made := &call{line: line, end: e, thread: t, job: j, start: time.Now()}
	if line.Call.Verb == script.Accept {
		made.from = c.ends[line.Call.Name]
	}
	t.begin(j)
	return made, nil
}

// threadOf finds the thread of a line, which must have no call.
func (c *course) threadOf(line script.Line) (*thread, error) {
	t := c.threads[line.Actor]
	if t != nil {
		for _, w := range c.waiting {
			if w.thread == t {
				return nil, mistakef(line, "%s still waits in the call of line %d", line.Actor, w.line.At.Line)
			}
		}
		return t, nil
	}
	t, err := c.take()
	if err != nil {
		return nil, err
	}
	c.threads[line.Actor] = t
	return t, nil
}

// returns says what became of the waiting call of a thread, or of those of all
// threads of an end.
func (c *course) returns(line script.Line) ([]script.Result, error) {
	var asked []*call
	for _, w := range c.waiting {
		if w.line.Actor == line.Actor || line.Actor.Thread == script.Every && w.line.Actor.Name == line.Actor.Name {
			asked = append(asked, w)
		}
	}
	if len(asked) == 0 {
		return nil, mistakef(line, "no call waits: the last one has returned at once")
	}
	limit, cancel := context.WithTimeout(c.ctx, line.Call.Limit())
	defer cancel()
	var results []script.Result
	for _, w := range asked {
		if line.Call.Within > 0 {
			select {
			case <-w.job.done:
			case <-limit.Done():
			}
			if c.ctx.Err() != nil {
				return nil, mistakef(line, "%v", context.Cause(c.ctx))
			}
		}
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	for _, w := range asked {
		if !w.job.over.Load() {
			results = append(results, script.Result{Kind: script.NotYet})
			continue
		}
		c.waiting = slices.DeleteFunc(c.waiting, func(other *call) bool { return other == w })
		results = append(results, c.finish(w))
	}
	return results, nil
}
