package printed

import (
	"net/netip"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// columns finds the default columns of tshark and Wireshark in a line: number,
// time, source, destination, protocol, length, information. head is all up to
// the protocol, info what follows.
func columns(text string) (info string, head []string, ok bool) {
	if strings.Contains(text, `","`) { // exported as CSV
		text = strings.Trim(strings.ReplaceAll(text, `","`, " "), `",`)
	}
	words := strings.Fields(text)
	for i := 3; i < len(words)-1 && i < 16; i++ {
		from, between := words[i-3], words[i-2]
		if !arrow(between) || between == ">" {
			from = between
			if _, ok := host(from); !ok || !strings.ContainsAny(from, ".:") || strings.Contains(from, "/") {
				continue
			}
		}
		_, known := host(from)
		_, known2 := host(words[i-1])
		named := arrow(between) || isAddress(from) && isAddress(words[i-1])
		if known && known2 && named && isProtocol(words[i]) && stampOf(strings.Join(words[:i-2], " ")).kind != noTime {
			return strings.Join(words[i+1:], " "), words[:i+1], true
		}
	}
	return "", nil, false
}

func arrow(word string) bool { return word == "→" || word == "->" || word == ">" }

func isAddress(word string) bool {
	address, ok := host(word)
	return ok && address.Zone() == ""
}

func isProtocol(word string) bool {
	return word != "IP" && word != "IP6" && word[0] >= 'A' && word[0] <= 'Z' && strings.Trim(word,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./-_") == ""
}

// parseColumns reads a line of tshark.
func parseColumns(info string, head []string, names *ports) (line, omission) {
	protocol := head[len(head)-1]
	if protocol != "TCP" {
		switch protocol {
		case "ICMP", "ICMPv6":
			return line{}, icmpPacket
		case "UDP", "ARP", "DNS", "MDNS", "LLMNR", "QUIC", "DHCP", "DHCPv6", "NTP", "IGMPv2", "IGMPv3", "SSDP", "SCTP", "GRE", "ESP":
			return line{}, notTCP
		}
		return line{}, above
	}
	if !strings.Contains(info, "Seq=") { // what the payload is, in place of the header
		return line{}, above
	}
	to := head[len(head)-2]
	from := head[len(head)-3]
	rest := head[:len(head)-3]
	if arrow(from) {
		from, rest = head[len(head)-4], head[:len(head)-4]
	}
	l := line{scheme: tshark, stamp: stampOf(strings.Join(rest, " "))}
	source, destination, fields, ok := portsOf(info, names)
	sender, ok2 := host(from)
	receiver, ok3 := host(to)
	if !ok || !ok2 || !ok3 || !parseInfo(&l.packet, fields) {
		return l, notUnderstood
	}
	l.from, l.to = netip.AddrPortFrom(sender, source), netip.AddrPortFrom(receiver, destination)
	network(&l.packet, "", sender.Is6() && sender.Zone() == "")
	return l, read
}

// portsOf finds "443 → 51234 " before the flags.
func portsOf(info string, names *ports) (from, to uint16, rest string, ok bool) {
	words := strings.Fields(info)
	for i := 1; i < len(words)-1; i++ {
		if !arrow(words[i]) {
			continue
		}
		from, ok = portOf(words[i-1], names)
		to, ok2 := portOf(words[i+1], names)
		return from, to, strings.Join(words[i+2:], " "), ok && ok2
	}
	return 0, 0, "", false
}

// portOf reads 443, https or https(443).
func portOf(word string, names *ports) (uint16, bool) {
	if _, number, ok := strings.Cut(word, "("); ok {
		word = strings.TrimSuffix(number, ")")
	}
	return names.number(word)
}

// parseInfo reads "[SYN, ACK] Seq=0 Ack=1 Win=65483 Len=0 MSS=1460 …".
func parseInfo(p *evidence.Packet, text string) bool {
	names, rest, ok := strings.Cut(strings.TrimPrefix(text, "["), "]")
	if !ok || !strings.HasPrefix(text, "[") || !nameFlags(p, names) {
		return false
	}
	o := &evidence.TCPOptions{}
	p.Options, p.Unknown = o, evidence.FieldOptions
	seen := headerFields{end: -1}
	for word := range strings.FieldsSeq(rest) {
		key, value, _ := strings.Cut(word, "=")
		if !seen.setInfo(p, o, key, value) {
			return false
		}
	}
	if p.Window != 0 && !p.Has("SYN") { // it is what Wireshark made of it
		p.Window, seen.window = 0, false
	}
	return seen.length && seen.finish(p)
}

// setInfo enters one value of a line of tshark. Those that are no numbers of
// the header are none of its business.
func (h *headerFields) setInfo(p *evidence.Packet, o *evidence.TCPOptions, key, value string) bool {
	n, ok := number32(value)
	switch key {
	case "Seq":
		return h.seq || h.setSeq(p, value)
	case "Ack":
		return h.ack || h.setAck(p, value)
	case "Win":
		p.Window, h.window = int(n), true
	case "Len":
		return h.length || h.setLength(p, value)
	case "MSS":
		o.MSS, o.HasMSS, ok = uint16(n), true, ok && n < 65536
	case "WS":
		o.Scale, o.HasScale = 0, true
		for ; n > 1; n >>= 1 {
			o.Scale++
		}
	case "SACK_PERM":
		o.SACKPermitted, ok = true, true
	case "TSval":
		o.TSVal, o.HasTimestamps = n, true
	case "TSecr":
		o.TSEcr, o.HasTimestamps = n, true
	default:
		return true
	}
	return ok
}

// nameFlags reads "SYN, ACK".
func nameFlags(p *evidence.Packet, text string) bool {
	if text == "<None>" {
		return true
	}
	said := map[string]bool{}
	for _, name := range split(text) {
		if name == "ECN" {
			name = "ECE"
		}
		said[name] = true
	}
	for _, name := range []string{"SYN", "FIN", "RST", "PSH", "URG", "ACK", "ECE", "CWR"} {
		if said[name] {
			addFlag(p, name)
			delete(said, name)
		}
	}
	for name := range said {
		if name != "NS" && name != "AE" && name != "Reserved" && !strings.HasPrefix(name, "ACE=") {
			return false
		}
	}
	return true
}
