package printed

import (
	"net/netip"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A line is what one record says of a segment.
type line struct {
	from, to  netip.AddrPort
	packet    evidence.Packet
	stamp     stamp
	device    string
	direction string
	scheme    scheme
}

// parse reads a record.
func parse(text string, names *ports) (line, omission) {
	if info, head, ok := columns(text); ok {
		return parseColumns(info, head, names)
	}
	at := endpointsAt(text)
	if at < 0 {
		return line{}, other(text)
	}
	start := strings.LastIndexByte(text[:at], ' ') + 1
	to, rest, _ := strings.Cut(text[at+3:], ": ")
	l := line{scheme: tcpdump, stamp: stampOf(text[:start])}
	var ok, ok2, ok3 bool
	l.from, ok = endpoint(text[start:at], names)
	l.to, ok2 = endpoint(to, names)
	l.device, l.direction = device(text[:start])
	p := &l.packet
	if strings.HasPrefix(rest, "Flags [") {
		ok3 = parseHeader(p, rest)
	} else {
		ok3 = parseOldHeader(p, rest)
	}
	if !ok || !ok2 || !ok3 {
		return l, notUnderstood
	}
	is6 := l.from.Addr().Is6() && l.from.Addr().Zone() == "" || strings.Contains(text[:start], "IP6 ")
	network(p, text[:start]+" "+rest, is6)
	return l, read
}

// other says what a record of tcpdump is that shows no TCP header.
func other(text string) omission {
	_, rest, ok := strings.Cut(text, " > ")
	if !ok {
		return prose
	}
	switch {
	case strings.Contains(rest, ": ICMP"), strings.Contains(rest, "] ICMP6, "):
		return icmpPacket
	case strings.Contains(rest, "[|tcp]"):
		return cutOff
	case strings.HasSuffix(rest, ": tcp"):
		return fragment
	case strings.Contains(rest, ": tcp "):
		return noFlags
	case strings.Contains(text, "proto TCP"), strings.Contains(text, "next-header TCP"), strings.Contains(rest, "Flags ["),
		strings.Contains(rest, "win "), !strings.Contains(rest, ": "):
		return notUnderstood
	}
	return notTCP
}

// endpoint reads "192.0.2.1.80" or "www.example.org.http".
func endpoint(text string, names *ports) (netip.AddrPort, bool) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return netip.AddrPort{}, false
	}
	port, ok := names.number(text[at+1:])
	address, ok2 := host(text[:at])
	return netip.AddrPortFrom(address, port), ok && ok2
}

// host reads an address, or makes one for a name.
func host(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address, true
	}
	if text == "" || len(text) > 253 || strings.Trim(text, "0123456789.:") == "" {
		return netip.Addr{}, false
	}
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(".-_", c) {
			return netip.Addr{}, false
		}
	}
	return netip.AddrFrom16([16]byte{0: 1, 15: 1}).WithZone(text), true
}

// device reads the interface and the direction that tcpdump prints when it
// captures on all interfaces of Linux.
func device(before string) (name, direction string) {
	words := strings.Fields(before)
	for i, word := range words {
		switch word {
		case "In", "Out", "B", "M", "P":
			if i == 0 {
				return "", word
			}
			if stampOf(words[i-1]).kind == noTime {
				name = words[i-1]
			}
			return name, word
		}
	}
	return "", ""
}

// network reads the IP header as tcpdump -v prints it, or old versions behind
// the TCP header.
func network(p *evidence.Packet, text string, is6 bool) {
	headers := 40 + optionLength(p.Options)
	if is6 {
		headers += 20
	}
	p.Length = headers + p.Len
	p.Unknown |= evidence.FieldTTL | evidence.FieldIPID
	if is6 {
		p.Unknown &^= evidence.FieldIPID // it has none
	}
	header := ""
	for _, start := range []string{"(tos ", "(ttl ", "(hlim ", "(class ", "(flowlabel "} {
		if at := strings.LastIndex(text, start); at >= 0 {
			header = text[at+1:]
			break
		}
	}
	for _, item := range split(header) {
		item = strings.TrimSuffix(item, ")")
		word, value, _ := strings.Cut(item, " ")
		n, ok := digits(value)
		switch {
		case ok && n < 256 && (word == "ttl" || word == "hlim"):
			p.TTL, p.Unknown = int(n), p.Unknown&^evidence.FieldTTL
		case ok && n < 65536 && word == "id":
			p.IPID, p.Unknown = int(n), p.Unknown&^evidence.FieldIPID
		case ok && n >= uint64(headers) && n < 65536 && (word == "length" || word == "len"):
			p.Length = int(n)
		case item == "flags [+]", item == "flags [+, DF]":
			p.Unknown |= evidence.FieldLen
		}
	}
}
