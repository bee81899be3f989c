package printed

import (
	"math"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// parseHeader reads "Flags [R.], seq 1, ack 2, win 64, options […], length 0".
func parseHeader(p *evidence.Packet, text string) bool {
	flags, rest, ok := strings.Cut(strings.TrimPrefix(text, "Flags ["), "]")
	if !ok || !setFlags(p, flags) {
		return false
	}
	p.Options = &evidence.TCPOptions{}
	seen := headerFields{end: -1}
	for _, item := range split(rest) {
		word, value, _ := strings.Cut(item, " ")
		switch word {
		case "seq":
			ok = seen.setSeq(p, value)
		case "ack":
			ok = seen.setAck(p, value)
		case "win":
			ok = seen.setWindow(p, value)
		case "options":
			p.Options = parseOptions(strings.TrimSuffix(strings.TrimPrefix(value, "["), "]"))
		case "length":
			value, _, _ = strings.Cut(value, ":")  // what the payload is
			value, _, _ = strings.Cut(value, " [") // the text that a RST brings (RFC 9293, section 3.5.3)
			return seen.setLength(p, value) && seen.finish(p)
		}
		if !ok {
			return false
		}
	}
	return seen.finish(p)
}

// parseOldHeader reads "R 1:1(0) ack 2 win 64 <…>", as tcpdump wrote until 2009.
func parseOldHeader(p *evidence.Packet, text string) bool {
	words := strings.Fields(text)
	if !setFlags(p, strings.TrimSuffix(words[0], ",")) {
		return false
	}
	p.Options = &evidence.TCPOptions{}
	seen := headerFields{end: -1, length: true} // without payload it says nothing of it
	for i := 1; i < len(words) && !seen.window; i++ {
		word, ok := words[i], true
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case word == "ack":
			addFlag(p, "ACK")
			ok = seen.setAck(p, next)
		case word == "win":
			ok = seen.setWindow(p, next)
		case strings.Contains(word, ":") && strings.HasSuffix(word, ")"):
			numbers, length, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
			ok = seen.setSeq(p, numbers) && seen.setLength(p, length)
		}
		if !ok {
			return false
		}
	}
	if _, options, ok := strings.Cut(text, " <"); ok {
		options, _, _ = strings.Cut(options, ">")
		p.Options = parseOptions(options)
	}
	return seen.window && seen.finish(p)
}

// headerFields are those that a record showed.
type headerFields struct {
	seq, ack, window, length bool
	end                      int64 // the sequence number behind the payload; -1 if it showed none
}

func (h *headerFields) setSeq(p *evidence.Packet, text string) bool {
	first, last, isRange := strings.Cut(text, ":")
	n, ok := number32(first)
	p.Seq, h.seq = n, true
	if isRange {
		end, ok2 := number32(last)
		h.end, ok = int64(end), ok && ok2
	}
	return ok
}

func (h *headerFields) setAck(p *evidence.Packet, text string) (ok bool) {
	p.Ack, ok = number32(text)
	h.ack = true
	return ok
}

func (h *headerFields) setWindow(p *evidence.Packet, text string) bool {
	n, ok := number32(text)
	p.Window, h.window = int(n), true
	return ok && n <= math.MaxUint16
}

func (h *headerFields) setLength(p *evidence.Packet, text string) bool {
	n, ok := number32(text)
	p.Len, h.length = int(n), true
	return ok && n <= 1<<20
}

// finish says what was not shown. It is false if the numbers contradict each
// other, as when a line was broken within one.
func (h *headerFields) finish(p *evidence.Packet) bool {
	for _, f := range []struct {
		shown bool
		field evidence.Fields
	}{
		{h.seq, evidence.FieldSeq}, {h.ack || !p.Has("ACK"), evidence.FieldAck}, {h.window, evidence.FieldWindow},
		{h.length, evidence.FieldLen}, {p.Options != nil, evidence.FieldOptions},
	} {
		if !f.shown {
			p.Unknown |= f.field
		}
	}
	return h.end < 0 || !h.length || uint32(h.end)-p.Seq == uint32(p.Len)
}

// setFlags reads "S.", in the order in which evidence names them.
func setFlags(p *evidence.Packet, letters string) bool {
	if letters == "none" {
		return true
	}
	if letters == "" || strings.Trim(letters, "SFRPU.EWe") != "" {
		return false
	}
	for _, flag := range []struct{ letter, name string }{
		{"S", "SYN"}, {"F", "FIN"}, {"R", "RST"}, {"P", "PSH"}, {"U", "URG"}, {".", "ACK"}, {"E", "ECE"}, {"W", "CWR"},
	} {
		if strings.Contains(letters, flag.letter) {
			addFlag(p, flag.name)
		}
	}
	return true
}

func addFlag(p *evidence.Packet, name string) {
	if !p.Has(name) {
		p.Flags = strings.TrimSpace(p.Flags + " " + name)
	}
}

func number32(text string) (uint32, bool) {
	n, ok := digits(text)
	return uint32(n), ok && n <= math.MaxUint32
}

// split splits at the commas that are in no brackets.
func split(text string) []string {
	var items []string
	depth, start := 0, 0
	for i, c := range []byte(text) {
		switch c {
		case '[', '(':
			depth++
		case ']', ')':
			depth = max(0, depth-1)
		case ',':
			if depth == 0 {
				items = append(items, strings.TrimSpace(text[start:i]))
				start = i + 1
			}
		}
	}
	return append(items, strings.TrimSpace(text[start:]))
}
