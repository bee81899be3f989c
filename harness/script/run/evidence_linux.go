package run

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/script"
)

// A question is a line about the wire or the kernel. What was recorded until it
// was asked answers it.
type question struct {
	step int // index in the answer
	line script.Line
	at   time.Time
}

// record begins to record, if that is wanted or the script asks about it.
func (c *course) record(s script.Script) (err error) {
	asks := slices.ContainsFunc(s.Lines, func(l script.Line) bool {
		return l.Actor.Name == script.Wire || l.Actor.Name == script.Kernel
	})
	if !c.options.Evidence && !asks {
		return nil
	}
	if c.lanes == nil {
		c.Runner.lanes, c.Runner.own = capture.Open(), true
	}
	if c.loopback == nil {
		c.Runner.loopback = capture.LoopbackOf(c.host)
	}
	if c.lab, err = lab.NewAt(c.address); err != nil {
		return err
	}
	title := s.Title
	if title == "" {
		title = "a script"
	}
	c.recorder, err = record.Start(c.lab, title, record.Options{Lanes: c.lanes, Loopback: c.loopback})
	return err
}

// listens tells the recorder of a listener.
func (c *course) listens(e *end) {
	if c.lab != nil {
		address := netip.AddrPortFrom(c.address, e.socket.local.Port())
		c.lab.AddEndpoint(lab.Endpoint{Host: e.name, Address: address.String()})
	}
}

// ask remembers a question.
func (c *course) ask(line script.Line) (script.Result, error) {
	if c.ends[line.Call.Name] == nil && line.Call.Name != script.Proxy {
		return script.Result{}, mistakef(line, "%s has no socket", line.Call.Name)
	}
	c.later = append(c.later, question{len(c.answer.Steps), line, time.Now()})
	return script.Result{Kind: script.Unknown, Word: "the recording has not been read yet"}, nil
}

// stop ends the recording, and answers the questions from it.
func (c *course) stop() (*evidence.Recording, error) {
	if c.lab == nil {
		return nil, nil
	}
	err := c.lab.Close()
	recording, failed := c.recorder.Stop()
	if err = errors.Join(err, failed); err != nil {
		return recording, fmt.Errorf("record: %w", err)
	}
	for _, q := range c.later {
		if q.step < len(c.answer.Steps) {
			c.answer.Steps[q.step].Results = []script.Result{c.answerTo(q, recording)}
		}
	}
	return recording, nil
}

// answerTo answers a question. Nothing follows from what is not in the recording
// unless its source was whole.
func (c *course) answerTo(q question, r *evidence.Recording) script.Result {
	lane := evidence.Wire
	if q.line.Call.Verb == script.Reason {
		lane = evidence.Kernel
	}
	for _, missing := range r.Missing {
		if missing.Lane == lane {
			return script.Result{Kind: script.Unknown, Word: missing.Why}
		}
	}
	limit := time.Duration(q.at.UnixNano() - r.Started.UnixNano())
	for _, gap := range r.Gaps {
		if gap.Lane == lane && gap.From <= limit {
			return script.Result{Kind: script.Unknown, Word: gap.Why}
		}
	}
	host := script.Proxy
	if e := c.ends[q.line.Call.Name]; e != nil {
		host = e.socket.names[0].name
	}
	result := script.Result{Kind: script.Count}
	if lane == evidence.Kernel {
		result = script.Result{Kind: script.None}
	}
	for _, event := range r.Events {
		if event.Host == host && event.At <= limit {
			count(&result, q.line.Call.Verb, event)
		}
	}
	return result
}

// count takes an event into the result.
func count(result *script.Result, verb script.Verb, event evidence.Event) {
	switch p := event.Packet; {
	case verb == script.Reason:
		if t := event.Trace; t != nil && t.Sent() {
			*result = script.Result{Kind: script.Word, Word: t.Reason}
		}
	case p == nil || p.Translated:
	case verb == script.WireRST && p.Has("RST"), verb == script.WireFIN && p.Has("FIN"):
		result.Count++
	case verb == script.WireBytes:
		result.Count += p.Len
	}
}
