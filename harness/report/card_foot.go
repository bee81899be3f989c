package report

import (
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// keyColumn is how wide the words on the left of the foot are.
const keyColumn = 11

// foot writes the verdicts and what they rest on.
func (c *card) foot() {
	r := c.rec
	for i, v := range r.Resets {
		if i == mostLines {
			c.fact("", "… and "+plural(int64(len(r.Resets)-i), "RST")+" more", faint)
			break
		}
		c.verdict(i, v)
	}
	c.fact("connections", c.connections(), "")
	outcomes := c.outcomes()
	for i, o := range outcomes {
		if i == mostLines {
			c.fact("", "… and "+plural(int64(len(outcomes)-i), "outcome")+" more", faint)
			break
		}
		text := fmt.Sprintf("%s · sent %s, received %s", outcomeText(o), count(o.Sent), count(o.Received))
		c.fact(clip(o.Host, keyColumn-5)+" saw", text, "")
	}
	for i, text := range counterTexts(r.Counters) {
		c.fact(map[bool]string{true: "counters"}[i == 0], text, "")
	}
	c.fact("evidence", evidenceText(r), "")
	for _, m := range r.Missing[:min(len(r.Missing), mostLines)] {
		c.fact("", fmt.Sprintf("no %s lane: %s", m.Lane, m.Why), yellow)
	}
	for _, text := range lostTexts(r, c.hidden) {
		c.fact("", text, yellow)
	}
}

// connections names the ports of every connection, where a host has several of
// which none stands over its lifeline; otherwise it is empty.
func (c *card) connections() string {
	several := false
	for i, h := range c.hosts {
		several = several || h.IP != "" && c.address(i) == h.IP
	}
	if len(c.rec.Flows) < 2 || !several {
		return ""
	}
	end := func(host, address string) string {
		if host == "" {
			return address
		}
		return host + address[max(0, strings.LastIndexByte(address, ':')):]
	}
	var texts []string
	for _, f := range c.rec.Flows[:min(len(c.rec.Flows), mostLines)] {
		texts = append(texts, end(f.ClientHost, f.Client)+" → "+end(f.ServerHost, f.Server))
	}
	if more := len(c.rec.Flows) - mostLines; more > 0 {
		texts = append(texts, fmt.Sprintf("… and %d more", more))
	}
	return strings.Join(texts, ", ")
}

// verdict writes who sent a RST, why, and what was lost.
func (c *card) verdict(i int, v evidence.Reset) {
	key := "RST from"
	if len(c.rec.Resets) > 1 {
		key = fmt.Sprintf("RST %d from", i+1)
	}
	c.fact(key, senderText(v), bold)
	c.fact("why", whyText(v), red)
	if v.Clue != "" {
		c.fact("clue", v.Clue, "")
	}
	lost := c.losses(i)
	for _, l := range lost[:min(len(lost), mostLines)] {
		if l.Written > l.Delivered {
			c.torn(l)
		}
	}
}

// fact writes one line of the foot, or more if the text is long.
func (c *card) fact(key, text string, look style) {
	from := 1 + max(keyColumn, columns(key)) + 1
	lines := wrap(text, c.width-from-1)
	if len(lines) == 0 {
		return
	}
	for i, text := range lines {
		l := c.newLine()
		if i == 0 {
			l.put(1, key, faint)
		}
		l.put(from, text, look)
	}
}

// torn draws what a direction lost as a bar that is torn where the RST cut it.
func (c *card) torn(l evidence.Loss) {
	const size = 28
	c.fact("lost", lossText(l), bold)
	whole := int(float64(size) * float64(max(0, l.Delivered)) / float64(max(1, l.Written)))
	whole = min(max(0, whole), size-1)
	bar := c.newLine()
	bar.put(keyColumn+2, strings.Repeat("█", whole), green)
	bar.put(keyColumn+2+whole, "╱╱", red)
	bar.put(keyColumn+4+whole, strings.Repeat("░", size-whole), faint)
}

// counterTexts lists the counters that moved, a text for each host.
func counterTexts(deltas []evidence.CounterDelta) []string {
	var hosts []string
	moved := map[string][]string{}
	for _, d := range deltas {
		key := d.Host
		if key == "" {
			key = "all hosts"
		}
		if d.Noisy {
			key += ", and others on this machine"
		}
		if moved[key] == nil {
			hosts = append(hosts, key)
		}
		moved[key] = append(moved[key], fmt.Sprintf("%s %+d", d.Name, d.By))
	}
	var texts []string
	for _, h := range hosts[:min(len(hosts), mostLines)] {
		texts = append(texts, h+": "+strings.Join(moved[h], ", "))
	}
	return texts
}

// evidenceText says what a recording rests on.
func evidenceText(r *evidence.Recording) string {
	level := map[evidence.Level]string{
		evidence.Observed: "observed, in the kernel's tracepoints",
		evidence.Inferred: "inferred, from counters and the shape of the segments",
		evidence.AppOnly:  "app-only, the calls of the ends",
	}[r.Level]
	switch {
	case r.Level == evidence.Inferred && r.Lacks(evidence.Wire) && r.Lacks(evidence.Counters):
		level = "inferred, from what a kernel told of one end"
	case level == "":
		level = string(r.Level)
	}
	if r.System != "" {
		level += " · " + r.System
	}
	return strings.TrimPrefix(level, " · ")
}

// lostTexts says what the recording does not show.
func lostTexts(r *evidence.Recording, hidden int) []string {
	var texts []string
	for _, g := range r.Gaps[:min(len(r.Gaps), mostLines)] {
		texts = append(texts, fmt.Sprintf("the %s lane may not have seen all: %s", g.Lane, g.Why))
	}
	if r.LostPackets > 0 {
		texts = append(texts, "the capture lost "+plural(int64(r.LostPackets), "segment"))
	}
	if r.LostEvents > 0 {
		texts = append(texts, fmt.Sprintf("%d kernel events or calls found no room", r.LostEvents))
	}
	if hidden > 0 {
		texts = append(texts, plural(int64(hidden), "event")+" at no lifeline not drawn")
	}
	return texts
}
