package printed

import "strings"

// clean takes off a line what mail, chats, terminals and HTML put around it.
func clean(line string) string {
	line = strings.TrimRight(line, " \t\r\n")
	for strings.Contains(line, "\x1b[") { // colours
		start := strings.Index(line, "\x1b[")
		end := strings.IndexFunc(line[start+2:], func(c rune) bool { return c >= '@' && c <= '~' })
		if end < 0 {
			line = line[:start]
			break
		}
		line = line[:start] + line[start+2+end+1:]
	}
	if strings.Contains(line, "&") {
		line = strings.NewReplacer("&gt;", ">", "&lt;", "<", "&amp;", "&").Replace(line)
	}
	for {
		short := strings.TrimLeft(line, " \t")
		short = strings.TrimLeft(short, "|`*")
		short = strings.TrimPrefix(short, ">")
		if short == line {
			break
		}
		line = short
	}
	return strings.TrimRight(line, " `|")
}

// begins says whether a line is the first of a packet.
func begins(line string) bool {
	if _, _, ok := columns(line); ok {
		return true
	}
	before, ok := beforeIP(line)
	if !ok {
		return endpointsAt(line) >= 0 && hasTime(line) // tcpdump before it printed "IP"
	}
	if !hasTime(line) && !strings.Contains(line, " > ") && !strings.Contains(line, "IP (") && !strings.Contains(line, "IP6 (") {
		return false // prose
	}
	return !strings.Contains(before, " > ") || strings.Contains(line, ", ethertype ")
}

// beforeIP returns what is before the word with which tcpdump begins an IP
// packet.
func beforeIP(line string) (string, bool) {
	if at := strings.Index(line, ", ethertype "); at >= 0 {
		return line[:at], true
	}
	rest := line
	for {
		word, after, more := strings.Cut(rest, " ")
		switch word {
		case "IP", "IP6", "ip:", "ip6:", "ethertype":
			return line[:len(line)-len(rest)], true
		}
		if !more {
			return "", false
		}
		rest = after
	}
}

// endpointsAt returns where the last "a > b: " of a tcpdump record is that TCP
// may follow, or -1.
func endpointsAt(text string) int {
	for at := len(text); at > 0; {
		at = strings.LastIndex(text[:at], " > ")
		if at < 0 {
			return -1
		}
		to, rest, ok := strings.Cut(text[at+3:], ": ")
		if ok && !strings.Contains(to, " ") && tcpFollows(rest) {
			return at
		}
	}
	return -1
}

// tcpFollows says whether a text begins like a TCP header, in the notation of
// today or that of before 2009.
func tcpFollows(text string) bool {
	if strings.HasPrefix(text, "Flags [") {
		return true
	}
	flags, rest, _ := strings.Cut(text, " ")
	flags = strings.TrimSuffix(flags, ",")
	if flags == "" || strings.Trim(flags, "SFRPWEU.") != "" {
		return false
	}
	return strings.Contains(rest, "win ") || strings.Contains(rest, "ack ") || strings.HasPrefix(rest, "[")
}

// whole says whether a record has all of its lines. One that does not is read
// when the next begins.
func whole(text string) bool {
	if info, head, ok := columns(text); ok {
		_, length, ok := strings.Cut(info, " Len=")
		return ok && length != "" || head[len(head)-1] != "TCP"
	}
	at := endpointsAt(text)
	if at < 0 {
		return false
	}
	_, length, ok := strings.Cut(text[at:], ", length ")
	return ok && length != ""
}

// hasTime says whether a time of day or of the epoch is in a line before its
// addresses.
func hasTime(line string) bool {
	before, ok := beforeIP(line)
	if !ok {
		before = line
	}
	return stampOf(before).kind != noTime
}
