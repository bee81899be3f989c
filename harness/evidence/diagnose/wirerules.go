package diagnose

import "time"

// A wireRule is one line of the table of who sent a RST, going by the wire. The
// first that fits decides.
type wireRule struct {
	when    string
	fits    func(*wireQuestion) bool
	act     Act
	sure    func(*wireQuestion) Sureness
	picture func(*wireQuestion) string
}

// wireRules is the table. Answers carry the acknowledgement of what they answer
// as their number and no ACK, or else, to what had no ACK, ACK (RFC 9293,
// section 3.5.2); a socket's own RST has ACK and the next number. Windows puts
// ACK into its answers, too.
func wireRules() []wireRule {
	return []wireRule{
		{"the RST itself tells, by an option of Multipath TCP",
			func(q *wireQuestion) bool { return subflowPicture(multipathReason(q.rst.Packet)) != "" },
			ActReject, always(Certain),
			func(q *wireQuestion) string { return subflowPicture(multipathReason(q.rst.Packet)) }},
		{"it answers a SYN from ports that were used before",
			func(q *wireQuestion) bool { return q.refuses() && q.Reused }, ActRefused, always(Undecided), shows(picSecondSYN)},
		{"it answers a SYN", (*wireQuestion).refuses, ActRefused, always(Undecided), shows(picRefused)},
		{"SYNs crossed, and it answers what acknowledges neither",
			(*wireQuestion).crossed, ActStray, always(Likely), shows(picSimultaneous)},
		{"the initiator answers a bare ACK to its SYN",
			func(q *wireQuestion) bool { return q.wrongAnswer() && !q.answers().Packet.Has("SYN") },
			ActStray, always(Likely), shows(picReused)},
		{"the initiator answers a SYN ACK to another SYN",
			(*wireQuestion).wrongAnswer, ActStray, always(Likely), shows(picWrongAnswer)},
		{"a listener answers what acknowledges another SYN ACK",
			(*wireQuestion).wrongHandshake, ActStray, always(Likely), shows(picStray)},
		{"captures show that it came into being elsewhere", (*wireQuestion).fromElsewhere, "", always(Certain), foreign},
		{"something about it speaks against the end that it names",
			func(q *wireQuestion) bool { return len(q.objections()) > 0 }, "", (*wireQuestion).foreignness, foreign},
		{"it may be an answer, and the end that it names went on",
			func(q *wireQuestion) bool { return q.goesOn() }, "", always(Undecided), shows(picPassedBy)},
		{"a probe was not answered, and the next one would have been due",
			func(q *wireQuestion) bool { return q.own() && q.probed() && !q.heardSince() }, ActTimer, likelyAtBest, shows(picKeepalive)},
		{"probes were answered, as far as the capture shows, and then it came",
			func(q *wireQuestion) bool { return q.own() && q.probed() }, "", (*wireQuestion).ownness, shows(picProbes)},
		{"the initiator answers the SYN ACK that it asked for",
			(*wireQuestion).scans, ActForgot, (*wireQuestion).likeness, shows(picScan)},
		{"the responder answers what follows its SYN ACK, and has acknowledged nothing",
			func(q *wireQuestion) bool { return q.answering() && q.x == responder && q.embryonic() },
			ActForgot, always(Undecided), shows(picHandshake)},
		{"it answers, and another RST had come to its end",
			func(q *wireQuestion) bool { return q.answering() && q.wasReset() }, ActForgot, (*wireQuestion).likeness, shows(picAfterRST)},
		{"an end answers what TIME-WAIT has for an old segment of it",
			(*wireQuestion).assassinates, ActFinished, (*wireQuestion).likeness, shows(picTimeWait)},
		{"an end answers the bare acknowledgement of its FIN",
			(*wireQuestion).finAcked, ActFinished, (*wireQuestion).likeness, shows(picFINAcked)},
		{"an end that had sent its FIN answers",
			func(q *wireQuestion) bool { return q.answering() && q.mine.fin >= 0 },
			ActFinished, (*wireQuestion).likeness, shows(picLate)},
		{"it answers, and no connection of its end was seen",
			func(q *wireQuestion) bool { return q.answering() && q.mine.count == 0 }, ActForgot, always(Undecided), shows(picStray)},
		{"it answers, after silence",
			func(q *wireQuestion) bool { return q.answering() && q.quiet() >= silence }, ActForgot, always(Undecided), shows(picForgotIdle)},
		{"it answers within a connection", (*wireQuestion).answering, ActForgot, always(Undecided), shows(picForgot)},
		{"after silence it is all that a segment brought about, of a system whose answers have ACK",
			func(q *wireQuestion) bool { return q.own() && q.mayAnswer() && q.quiet() >= silence },
			"", (*wireQuestion).likeness, shows(picIdleEither)},
		{"it is a socket's own, whose buffer is full",
			func(q *wireQuestion) bool { return q.own() && q.full() }, ActUnread, (*wireQuestion).ownness, shows(picFull)},
		{"it is a socket's own, behind its FIN",
			func(q *wireQuestion) bool { return q.own() && q.mine.fin >= 0 }, ActAbort, (*wireQuestion).ownness, shows(picOwnFIN)},
		{"it is a socket's own", (*wireQuestion).own, ActAbort, (*wireQuestion).ownness, abortPicture},
		{"nothing tells", func(*wireQuestion) bool { return true }, "", always(Undecided), shows(picBare)},
	}
}

// silence is how long nothing was said before one may speak of idleness. A
// retransmission timer is not sooner.
const silence = time.Second

// abortPicture is what a socket's own RST shows beside itself, by the first line
// that fits.
func abortPicture(q *wireQuestion) string {
	for _, line := range []struct {
		fits    bool
		picture string
	}{
		{q.clientHello() && q.x == responder && q.mine.data < 0, picTLSToPlain},
		{q.plainText() && q.x == responder && q.alerted(), picPlainToTLS},
		{q.lossy(), picAbort},
		{q.unacknowledging(), picNoACK},
		{q.other.data < 0 && q.mine.data < 0 && q.x == initiator, picProbe},
		{q.other.data < 0, picSilentAbort},
		{q.quiet() >= silence, picIdleAbort},
		{q.sending() && q.x == responder, picUpload},
		{q.sending(), picLeft},
	} {
		if line.fits {
			return line.picture
		}
	}
	return picAbort
}

func always(sure Sureness) func(*wireQuestion) Sureness {
	return func(*wireQuestion) Sureness { return sure }
}

func shows(name string) func(*wireQuestion) string {
	return func(*wireQuestion) string { return name }
}

// foreign is the picture of a RST that neither end sent.
func foreign(q *wireQuestion) string {
	switch {
	case q.passed() || q.volley() || q.oddNumber():
		return picInjected
	case q.goesOn():
		return picForeignAlive
	}
	return picForeign
}

// likelyAtBest is how sure a rule is that goes by what usually happens.
func likelyAtBest(q *wireQuestion) Sureness {
	if q.ownness() == Undecided {
		return Undecided
	}
	return Likely
}

// subflowPicture is the picture of a RST that tells its reason itself; "" if it
// tells none of those of a rejected subflow.
func subflowPicture(reason string) string {
	switch reason {
	case "":
		return ""
	case "TCP_ABORT_ON_CLOSE": // a fast close says that the whole connection is aborted, not why
		return ""
	case "MPTCP_RST_EMIDDLEBOX":
		return picChanged
	}
	return picSubflow
}

// foreignness is how sure it is that neither end sent a RST: one mark that
// others make now and then, as front ends and devices that rewrite headers do,
// makes it likely.
func (q *wireQuestion) foreignness() Sureness {
	against := q.objections()
	if len(against) > 1 || against[0].proof {
		return Certain
	}
	return Likely
}

// ownness is how sure it is that a RST of that shape is a socket's own. What
// goes on where the socket left off nobody can guess.
func (q *wireQuestion) ownness() Sureness {
	switch {
	case q.fresh() && q.is(q.x, Linux) && !q.lossy():
		return Certain
	case q.fresh():
		return Likely
	}
	return q.likeness()
}

// likeness is how sure it is that a RST without marks is of the end that it
// names: a device next to it could send the same.
func (q *wireQuestion) likeness() Sureness {
	if q.usualTTL() != 0 && q.usualTTL() == q.rst.Packet.TTL && !q.lossy() {
		return Likely
	}
	return Undecided
}
