package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// longestText bounds the strings of a recording, in bytes.
const longestText = 500

// plain makes a string harmless for a terminal: control characters become
// their pictures (U+2400 and on), and what changes the direction or the
// visibility of text becomes U+FFFD. What is absurdly long is cut.
func plain(s string) string {
	if len(s) > longestText {
		s = s[:longestText] + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0x7f:
			return '\u2421'
		case r < 0x20:
			return '\u2400' + r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// errno says what an end saw in the word that its program would print.
func errno(e tcp.Ending) string {
	words := map[tcp.Ending]string{
		tcp.Finished:   "EOF",
		tcp.Reset:      "ECONNRESET",
		tcp.BrokenPipe: "EPIPE",
		tcp.Refused:    "ECONNREFUSED",
		tcp.TimedOut:   "ETIMEDOUT",
		tcp.GaveUp:     "deadline",
		tcp.Aborted:    "ECONNABORTED",
	}
	if word, ok := words[e]; ok {
		return word
	}
	return string(e)
}

// errnoName matches the name of an errno, which is all that a trace of system
// calls tells of an error.
var errnoName = regexp.MustCompile(`^E[A-Z0-9]+$`)

// named says whether an error that is no ending is known by its name: that of a
// call that goes on, or one that ends no connection.
func named(e tcp.Ending, said string) bool {
	return (e == tcp.Open || e == tcp.Other) && errnoName.MatchString(said)
}

// callText describes a call and its result, such as "read() ECONNRESET".
func callText(c tcp.Call) string {
	switch {
	case c.Ending != tcp.Open && c.Ending != "" && c.Bytes > 0:
		return fmt.Sprintf("%s() = %s, %s", c.Op, count(int64(c.Bytes)), errno(c.Ending))
	case named(c.Ending, c.Error):
		return fmt.Sprintf("%s() %s", c.Op, c.Error)
	case failed(c):
		return fmt.Sprintf("%s() %s", c.Op, errno(c.Ending))
	case c.Op == tcp.Poll:
		return "poll() ready"
	case c.Op == tcp.Accept:
		return "accept() ok"
	}
	return fmt.Sprintf("%s() = %s", c.Op, count(int64(c.Bytes)))
}

// lineText is a line behind the name of the program that said it.
func lineText(l *evidence.Line) string {
	text := l.Program + ": " + l.Text
	if l.Cut {
		text += "…"
	}
	return text
}

// exitText says how a program ended.
func exitText(x *evidence.Exit) string {
	switch {
	case x.Error != "":
		return x.Program + " has ended: " + x.Error
	case x.Signal != "":
		return x.Program + " was ended by a signal: " + x.Signal
	}
	return fmt.Sprintf("%s: exit status %d", x.Program, x.Status)
}

func failed(c tcp.Call) bool { return c.Ending != tcp.Open && c.Ending != "" }

// outcomeText says how a connection ended for an end, such as
// "read() ECONNRESET".
func outcomeText(o tcp.Outcome) string {
	switch {
	case o.Op == "":
		return errno(o.Ending)
	case named(o.Ending, o.Error):
		return string(o.Op) + "() " + o.Error
	case o.Ending == tcp.Closed:
		return string(o.Op) + "() = 0"
	}
	return string(o.Op) + "() " + errno(o.Ending)
}

// segmentLabels describes a segment at several lengths, the richest first.
func segmentLabels(p *evidence.Packet) []string {
	labels := headerLabels(p)
	if p.Dropped {
		for i := range labels {
			labels[i] += ", dropped"
		}
	}
	return labels
}

// headerLabels describes a segment by its header, as far as that is known.
func headerLabels(p *evidence.Packet) []string {
	known := func(field evidence.Fields, format string, value any) string {
		if p.Lacks(field) {
			return ""
		}
		return fmt.Sprintf(format, value)
	}
	seq, ack := known(evidence.FieldSeq, " seq %d", p.Seq), known(evidence.FieldAck, " %d", p.Ack)
	size, window := "", known(evidence.FieldWindow, " win %d", p.Window)
	if p.Len > 0 {
		size = " len " + count(int64(p.Len))
	}
	switch {
	case p.RST() && has(p, "ACK"):
		ack := known(evidence.FieldAck, " ack %d", p.Ack)
		return []string{p.Flags + seq + ack + window, p.Flags + seq + window, p.Flags + seq, p.Flags, "RST"}
	case p.RST():
		return []string{p.Flags + seq + window, p.Flags + seq, p.Flags, "RST"}
	case has(p, "SYN"):
		return []string{p.Flags + size, p.Flags}
	case has(p, "FIN"), p.Len > 0:
		return []string{p.Flags + seq + size, p.Flags + size, p.Flags, strings.TrimSpace(size)}
	case p.Window == 0 && window != "":
		return []string{p.Flags + ack + " win 0", p.Flags + " win 0", p.Flags}
	}
	return []string{p.Flags + ack, p.Flags}
}

// has says whether a segment has a flag.
func has(p *evidence.Packet, flag string) bool {
	for name := range strings.FieldsSeq(p.Flags) {
		if name == flag {
			return true
		}
	}
	return false
}

// count writes a number with its thousands apart: 65,160.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes a number and what it counts.
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// clock writes a point of the time line, in no more than ten columns if it is
// within a quarter of an hour.
func clock(at time.Duration) string {
	switch size := at.Abs(); {
	case size >= 100*time.Second:
		return fmt.Sprintf("%+.3f s", at.Seconds())
	case size >= 10*time.Second:
		return fmt.Sprintf("%+.4f s", at.Seconds())
	case size >= time.Second:
		return fmt.Sprintf("%+.5f s", at.Seconds())
	case size >= 100*time.Millisecond:
		return fmt.Sprintf("%+.2f ms", float64(at)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%+.3f ms", float64(at)/float64(time.Millisecond))
}

// span writes how long something took.
func span(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}

// bucket writes a point of the time line so coarsely that two runs agree.
func bucket(at time.Duration) string {
	for _, limit := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second} {
		if at < limit {
			return "<" + strings.TrimSuffix(limit.String(), ".0")
		}
	}
	return ">=10s"
}

// senderText says who sent a RST.
func senderText(v evidence.Reset) string {
	host := v.Host
	if host == "" {
		host = "an unknown host"
	}
	switch v.Sender {
	case evidence.Application:
		if v.By == "" {
			return host + ", by a call of a process"
		}
		if v.By == host { // the lifeline is the process
			return host
		}
		if call, named := strings.CutPrefix(v.By, host+" "); named {
			return host + ", " + call
		}
		return host + ", " + v.By
	case evidence.KernelReply:
		return host + "'s kernel, in answer to a segment"
	case evidence.Timer:
		return host + "'s kernel, by a timer"
	case evidence.Between:
		return betweenText(v.Origin)
	}
	return "unknown: the lanes at hand do not tell"
}

// betweenText says where a RST that no TCP has sent came into being.
func betweenText(origin []string) string {
	switch len(origin) {
	case 1:
		return origin[0] + ", but not its TCP: a firewall or a forger there"
	case 2:
		return fmt.Sprintf("a device between %s and %s, or a forger", origin[0], origin[1])
	}
	return "no known host: a device between them, or a forger"
}

// whyText says why a RST was sent: the kernel's name and the words for it.
func whyText(v evidence.Reset) string {
	switch {
	case v.Reason == "" && v.Why == "":
		return "unknown"
	case v.Reason == "":
		return v.Why
	case v.Why == "":
		return v.Reason
	}
	return v.Reason + ": " + v.Why
}

// lossText says what a direction lost.
func lossText(l evidence.Loss) string {
	return fmt.Sprintf("%s of %s's %s delivered, %s lost",
		count(l.Delivered), l.From, plural(l.Written, "byte"), count(l.Written-l.Delivered))
}
