package diagnose

import (
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// fromCalls judges a connection of which only the calls are known: a call
// failed with a reset, or an end aborted the connection itself.
func (c *Connection) fromCalls() []Verdict {
	q := question{Connection: c, at: -1, cause: -1}
	q.verdict.Event, q.verdict.Flow, q.verdict.Cause = -1, c.Number, -1
	q.verdict.Sender, q.verdict.Level = evidence.Unknown, evidence.AppOnly
	victim := ""
	for i, f := range c.facts {
		switch {
		case f.Call == nil, c.over(i):
		case f.Call.Op == tcp.Abort || f.Call.Op == tcp.Disconnect:
			q.at, q.verdict.Host = i, f.Host
			q.sent(evidence.Application, i, "the call itself asks for a reset")
			q.verdict.By, q.verdict.Reason = q.by(""), "TCP_STATE" // for the words alone: no kernel has told it
			decide(words(), &q)
			q.verdict.Reason = ""
			return q.told()
		case f.Call.Ending == tcp.Reset, f.Call.Ending == tcp.Refused:
			q.at, victim = i, f.Host
			q.verdict.Clue = f.Host + ": " + f.Call.String()
			q.verdict.Why = "the error is all that is known of it"
		}
	}
	if victim == "" {
		return nil
	}
	c.closedUnread(&q, victim)
	return q.told()
}

// told ends a verdict that rests on calls.
func (q *question) told() []Verdict {
	q.verdict.At = q.fact().number
	if q.cause >= 0 {
		q.verdict.Cause = q.facts[q.cause].number
	}
	if q.verdict.Causes == nil {
		q.verdict.Causes = q.candidates()
	}
	q.verdict.Settle = q.settle()
	return []Verdict{q.verdict}
}

// closedUnread judges a reset that the victim saw: if the other end closed and
// bytes were written that nobody read, the close did it.
func (c *Connection) closedUnread(q *question, victim string) {
	for i, f := range c.facts {
		if f.Call == nil || f.Call.Op != tcp.Close || f.Host == victim {
			continue
		}
		for _, loss := range c.losses() {
			if loss.From == victim {
				q.verdict.Sender, q.verdict.Host, q.cause = evidence.Application, f.Host, i
				q.verdict.By = q.by("")
				q.verdict.Clue += "; the other end closed with bytes unread"
				q.verdict.Why, q.verdict.Causes = phrase("TCP_ABORT_ON_CLOSE"), []string{"unread"}
				return
			}
		}
	}
}
