package answer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/tcp"
)

// longestText bounds a text that comes from a capture, in bytes.
const longestText = 300

// harmless makes a text of foreign origin fit for a line of a terminal: what is
// no printable character becomes U+FFFD.
func harmless(text string) string {
	if len(text) > longestText {
		text = text[:longestText] + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// count writes a number with its thousands apart.
func count[N int | int64 | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural writes a number and what it counts.
func plural[N int | int64 | uint64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// who says where a RST comes from, and how sure that is.
func who(d *offline.Diagnosis) string {
	switch d.Part {
	case diagnose.PartInitiator:
		return "the client (initiator), which opened the connection" + sure(d.Sure)
	case diagnose.PartResponder:
		return "the server (responder), which accepted it" + sure(d.Sure)
	case diagnose.PartBetween:
		return "something between the two ends" + inTheName(d.Names) + sure(d.Sure)
	}
	return "the capture does not tell: it came" + inTheName(d.Names) + ", or from there"
}

// inTheName says whom a RST names as its sender.
func inTheName(p diagnose.Part) string {
	if p == diagnose.PartInitiator {
		return " in the client's name"
	}
	return " in the server's name"
}

// part is who in a word or two.
func part(p diagnose.Part) string {
	switch p {
	case diagnose.PartInitiator:
		return "the client"
	case diagnose.PartResponder:
		return "the server"
	case diagnose.PartBetween:
		return "something between"
	}
	return "who is not told"
}

// sureness says how sure something is.
func sureness(s diagnose.Sureness) string {
	switch s {
	case diagnose.Certain:
		return "certain"
	case diagnose.Likely:
		return "likely"
	}
	return "undecided"
}

// harm says whether it matters.
func harm(h *offline.Harm) string {
	text := map[diagnose.HarmLevel]string{
		diagnose.Harmless: "no", diagnose.HarmPossible: "perhaps", diagnose.HarmCertain: "yes",
	}[h.Level]
	if text == "" {
		text = "not known"
	}
	if h.Why != "" {
		text += ": " + h.Why
	}
	for _, of := range []struct {
		bytes int64
		says  string
	}{
		{h.ClientUnacked, "%s of the client's never acknowledged"},
		{h.ServerUnacked, "%s of the server's never acknowledged"},
		{h.ClientUnread, "%s of the client's acknowledged and perhaps not read"},
		{h.ServerUnread, "%s of the server's acknowledged and perhaps not read"},
	} {
		if of.bytes > 0 {
			text += "; " + fmt.Sprintf(of.says, plural(of.bytes, "byte"))
		}
	}
	return text
}

// saw says what the program at an end met.
func saw(e *offline.EndView) string {
	if e.Read == "" && e.Write == "" {
		return ""
	}
	var calls []string
	for _, call := range []struct {
		name   string
		ending tcp.Ending
	}{{"read", e.Read}, {"write", e.Write}} {
		if call.ending != "" {
			calls = append(calls, call.name+": "+ending(call.ending))
		}
	}
	text := strings.Join(calls, " · ")
	if e.SawSure != "" {
		text += " (" + sureness(e.SawSure) + ")"
	}
	if e.SawWhy != "" {
		text += ": " + e.SawWhy
	}
	return text
}

// ending says what a call got in the word that programs print.
func ending(e tcp.Ending) string {
	words := map[tcp.Ending]string{
		tcp.Open: "nothing yet", tcp.Finished: "EOF", tcp.Reset: "ECONNRESET", tcp.BrokenPipe: "EPIPE",
		tcp.Refused: "ECONNREFUSED", tcp.TimedOut: "ETIMEDOUT", tcp.Closed: "it closed the connection itself",
		tcp.Aborted: "ECONNABORTED", tcp.Unreachable: "EHOSTUNREACH", tcp.Other: "an error that no RST brings",
	}
	if word, known := words[e]; known {
		return word
	}
	return string(e)
}

// ended says how a connection without a RST ended.
func ended(e diagnose.End) string {
	words := map[diagnose.End]string{
		diagnose.EndFinished:    "ended with a FIN each way",
		diagnose.EndHalfClosed:  "were closed by one end only, as far as the capture goes",
		diagnose.EndOpen:        "were still open when the capture ended",
		diagnose.EndTimedOut:    "fell silent: one end sent again and again and heard nothing",
		diagnose.EndUnreachable: "found no way, as ICMP said",
		diagnose.EndUnanswered:  "got no answer to their SYN",
	}
	if text, known := words[e]; known {
		return text
	}
	return string(e)
}

// watch says what to look at next, by what made the RST.
func watch(d *offline.Diagnosis) string {
	if d.End == diagnose.EndUnreachable {
		return "tcpdump icmp or icmp6, together with tcp; and nstat -az TcpExtOutOfWindowIcmps: those that were late or forged"
	}
	switch d.Act {
	case diagnose.ActAbort, diagnose.ActUnread:
		return "the counters of the machine that sent it, before and after: nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData; " +
			"and what its program closes"
	case diagnose.ActForgot:
		return "what came before: restarts of the program, its time-outs, how long the connection had been silent"
	case diagnose.ActFinished:
		return "whether the other end reports an error at all: it usually has what it wanted"
	case diagnose.ActRefused:
		return "whether anybody listens there: ss -ltn; and a firewall's rules with reject"
	case diagnose.ActTimer:
		return "nstat -az TcpExtTCPAbortOnTimeout TcpExtTCPKeepAlive at the end that gave up; the way to the other end"
	case diagnose.ActReject, diagnose.ActInject:
		return "a capture at the end in whose name it came: there it is missing"
	}
	return ""
}
