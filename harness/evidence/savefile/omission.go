package savefile

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// An omission is a reason why a frame gave no segment.
type omission uint8

const (
	found    omission = iota // it gave one
	told                     // it is an ICMP error that quotes one
	inLink                   // gopacket may find it behind the link layer
	inTunnel                 // gopacket may find it in what the IP packet carries
	cutOff
	fragment
	malformed
	notIP
	notTCP
	quotes
	encrypted
	omissionKinds
)

// String says the reason.
func (o omission) String() string {
	return [omissionKinds]string{
		found: "read", told: "read", inLink: "link layer that is not known", inTunnel: "too many tunnels in each other",
		cutOff:    "cut off by the snap length before the end of the TCP header",
		fragment:  "IP fragment behind the first",
		malformed: "malformed header",
		notIP:     "not IP",
		notTCP:    "not TCP",
		quotes:    "ICMP or ICMPv6, which may quote a TCP segment, cut off",
		encrypted: "encrypted (ESP, Wi-Fi)",
	}[o]
}

// counts counts the frames that gave no segment.
type counts struct {
	of      [omissionKinds]uint64
	example [omissionKinds]string
}

func (c *counts) add(why omission, f *frame) {
	if c.of[why] == 0 {
		c.example[why] = fmt.Sprintf("link layer %d, %d of %d bytes, from % x", f.link, len(f.data), f.length,
			f.data[:min(len(f.data), 48)])
	}
	c.of[why]++
}

func (c *counts) omissions(dropped uint64) []packets.Omission {
	var out []packets.Omission
	for kind, count := range c.of {
		if count > 0 {
			out = append(out, packets.Omission{What: omission(kind).String(), Count: count, Example: c.example[kind]})
		}
	}
	if dropped > 0 {
		out = append(out, packets.Omission{What: "dropped by the capture (as the file says)", Count: dropped})
	}
	return out
}

// unreadable says why bytes where an IP header should be are none.
func unreadable(packet []byte) omission {
	if len(packet) == 0 || len(packet) < 20 && packet[0]>>4 == 4 || len(packet) < 40 && packet[0]>>4 == 6 {
		return cutOff
	}
	return malformed
}

// A point is an interface: a number in the file, and an index of the machine
// that captured on all of its interfaces, or 0.
type point struct{ number, index int }

// joined makes one number of both, which is that of the only one where a file
// has no other.
func (p point) joined() int {
	if p.index == 0 {
		return p.number
	}
	return p.number*maxInterfaces + p.index%maxInterfaces
}
