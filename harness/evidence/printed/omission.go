package printed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// An omission is a reason why a record gave no segment.
type omission uint8

const (
	read  omission = iota // it gave one
	prose                 // it has none, although it may have begun like one
	notUnderstood
	notTCP
	icmpPacket
	quoted
	fragment
	above
	noFlags
	cutOff
	omissionKinds
)

// String says the reason.
func (o omission) String() string {
	return [omissionKinds]string{
		read:          "read",
		prose:         "prose",
		notUnderstood: "line not understood",
		notTCP:        "not TCP",
		icmpPacket:    "ICMP or ICMPv6",
		quoted:        "segment that an ICMP error quotes",
		fragment:      "IP fragment behind the first",
		above:         "line that shows a protocol above TCP, if it is TCP, and not the header",
		noFlags:       "line of tcpdump -q, which shows no flags",
		cutOff:        "cut off by the snap length before the end of the TCP header",
	}[o]
}

// counts counts the records that gave no segment.
type counts struct {
	of      [omissionKinds]uint64
	example [omissionKinds]string
	dropped uint64
}

func (c *counts) add(why omission, of record) {
	if why == prose {
		return
	}
	if c.of[why] == 0 {
		text := fmt.Sprintf("line %d: %s", of.first, of.text)
		if len(text) > 200 {
			text = strings.ToValidUTF8(text[:200], "")
		}
		c.example[why] = text
	}
	c.of[why]++
}

// summary takes the lines with which tcpdump ends.
func (c *counts) summary(line string) bool {
	before, _, ok := strings.Cut(line, " dropped by kernel")
	if !ok {
		_, _, ok = strings.Cut(line, " packets captured")
		return ok
	}
	words := strings.Fields(before)
	if len(words) < 2 || !strings.HasPrefix(words[len(words)-1], "packet") {
		return false
	}
	n, err := strconv.ParseUint(words[len(words)-2], 10, 64)
	c.dropped += n
	return err == nil
}

func (c *counts) omissions() []packets.Omission {
	var out []packets.Omission
	for kind, count := range c.of {
		if count > 0 {
			out = append(out, packets.Omission{What: omission(kind).String(), Count: count, Example: c.example[kind]})
		}
	}
	if c.dropped > 0 {
		out = append(out, packets.Omission{What: "dropped by the capture (as tcpdump says)", Count: c.dropped})
	}
	return out
}
