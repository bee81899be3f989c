package audit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// known says in a sentence what a client with a bad verdict could have known from
// its connections and did not use; empty if nothing is to be said.
func (o observation) known(attempts []verdict.Attempt, v verdict.Verdict) string {
	var parts []string
	for _, outcome := range v.Outcomes {
		if text := o.knownOf(outcome, attempts); text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

func (o observation) knownOf(outcome verdict.Outcome, attempts []verdict.Attempt) string {
	switch outcome {
	case verdict.Duplicated, verdict.DuplicatedError:
		return o.knownOfRepeat(attempts)
	case verdict.TruncatedOK:
		return o.knownOfPart()
	case verdict.Corrupted:
		if before, ok := bytes.CutSuffix(o.answer.Body, o.want); ok && len(attempts) > 1 && len(before) > 0 {
			return fmt.Sprintf("%s came from attempts that failed, and were kept when it tried again", counted(len(before), "byte"))
		}
	case verdict.LostOK:
		return o.knownOfLoss(attempts)
	case verdict.SurfacedMislabelled:
		return fmt.Sprintf("%s of its request had left it, so that it could not know that nothing was executed",
			counted(sent(attempts), "byte"))
	case verdict.Hung:
		return o.knownOfEnd("while it waited")
	case verdict.Storm:
		return o.knownOfStorm(attempts)
	}
	return ""
}

// knownOfRepeat is about the attempts that were struck before it tried again.
func (o observation) knownOfRepeat(attempts []verdict.Attempt) string {
	i := slices.IndexFunc(attempts, func(a verdict.Attempt) bool { return a.Struck })
	switch {
	case i < 0 || i+1 >= len(attempts):
		return ""
	case o.cell.Fault.Harmless():
		return "nothing was wrong: all that the server sent came whole and in order; it sent the same again"
	case attempts[i].ToClient > 0:
		return fmt.Sprintf("%s of the reply to attempt %d had come, so it had been executed; it sent the same again",
			counted(int(attempts[i].ToClient), "byte"), i+1)
	}
	return fmt.Sprintf("%s of attempt %d had left it, and %s told it nothing of what was executed; it sent the same again",
		counted(int(attempts[i].ToServer), "byte"), i+1, ended(o.cell.Fault))
}

// knownOfPart is about data that end too early.
func (o observation) knownOfPart() string {
	switch {
	case o.cell.Fault.Harmless():
		return "the rest of the data was on its way, with no end of the connection before it; it took what had come for the whole"
	case o.cell.Fault == point.Stall:
		return "nothing came any more, and no end; it took what it had for the whole"
	case slices.Contains([]point.Fault{point.RST, point.DataRST, point.ReadRST, point.Unread, point.StallRST}, o.cell.Fault):
		return fmt.Sprintf("the connection did not end behind byte %d of the data, %s broke it: a read says so", len(o.answer.Body), ended(o.cell.Fault))
	}
	if _, _, byByte := point.ParseByte(o.cell.Place); byByte {
		return fmt.Sprintf("%s came behind byte %d of the data: whether the protocol says that more was to come, the audit does not know",
			ended(o.cell.Fault), len(o.answer.Body))
	}
	if o.place.Unframed { // and the fault was no end by the protocol, or the verdict would be another
		return fmt.Sprintf("%s came behind byte %d of the data, which is no end where TLS is spoken", ended(o.cell.Fault), len(o.answer.Body))
	}
	return fmt.Sprintf("by the protocol more was to come behind byte %d of the data, where %s ended it", len(o.answer.Body), ended(o.cell.Fault))
}

// knownOfLoss is about a success that no reply may have told.
func (o observation) knownOfLoss(attempts []verdict.Attempt) string {
	var replied int64
	for _, a := range attempts {
		replied += a.ToClient
	}
	if replied == 0 {
		return "no byte had come back: a write that succeeds says that the kernel has the bytes, not that anybody got them"
	}
	return o.knownOfEnd("")
}

// knownOfEnd is about an end of the connection of which a read tells.
func (o observation) knownOfEnd(when string) string {
	if when != "" {
		when = " " + when
	}
	switch o.cell.Fault {
	case point.RST, point.DataRST, point.ReadRST, point.Unread, point.StallRST:
		return "a RST had ended its connection" + when + ": its next read or write says so at once"
	case point.FIN, point.FINRST, point.HalfClose, point.CloseNote, point.GoAway:
		return "a FIN had come" + when + ": its next read says so at once"
	case point.RSTStream:
		return "a RST_STREAM had ended its stream" + when
	case point.Stall:
		return "nothing came" + when + ", and no end: only a time-out of its own could tell"
	}
	return ""
}

func (o observation) knownOfStorm(attempts []verdict.Attempt) string {
	if len(attempts) < 2 {
		return ""
	}
	took := attempts[len(attempts)-1].At - attempts[0].At
	struck := 0
	for _, a := range attempts {
		if a.Struck {
			struck++
		}
	}
	return fmt.Sprintf("%d of its %d attempts had ended the same way, and it made them all within %v", struck, len(attempts), took.Round(100_000))
}

// ended is what a fault gives the client.
func ended(f point.Fault) string {
	switch f {
	case point.FIN, point.FINRST, point.HalfClose, point.CloseNote, point.GoAway:
		return "a FIN"
	case point.Stall:
		return "silence"
	case point.RSTStream:
		return "a RST_STREAM"
	case point.Refuse:
		return "a refusal"
	}
	return "a RST"
}

// sent is how many bytes have gone to the server in all.
func sent(attempts []verdict.Attempt) (n int) {
	for _, a := range attempts {
		n += int(a.ToServer)
	}
	return n
}

// A use is which connections a call went over, by number.
type use struct{ opened, carried []int }

// poisoned says of a call that failed with nothing in its way what it went over.
func (l *localInjector) poisoned(wrong error, u use) string {
	const next = "the next call, with nothing in its way, "
	switch {
	case l.healthy != nil || l.faulty == nil:
		return next + "failed"
	case len(u.opened) > 0:
		return fmt.Sprintf("%sfailed on a connection of its own (connection %d)", next, u.opened[0])
	case len(u.carried) > 0:
		return fmt.Sprintf("%swent over connection %d, which the client had kept, and failed", next, u.carried[0])
	case slices.Contains([]harness.Ending{harness.Reset, harness.BrokenPipe, harness.Finished}, harness.EndingOf(wrong)):
		return next + "went into a connection that had ended before, and that the client had kept: a read would have told"
	}
	return next + "opened no connection, and nothing of it passed: it went into one that had ended, or was not tried"
}
