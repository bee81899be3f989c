package printed

import (
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// optionNames are the names that tcpdump prints, by number of IANA's registry
// "TCP Option Kind Numbers", and how long such an option is; 0: it varies.
var optionNames = map[string]struct{ kind, length byte }{
	"nop": {1, 1}, "mss": {2, 4}, "wscale": {3, 3}, "sackOK": {4, 2}, "sack": {5, 0}, "echo": {6, 6},
	"echoreply": {7, 6}, "TS": {8, 10}, "timestamp": {8, 10}, "cc": {11, 6}, "ccnew": {12, 6}, "ccecho": {13, 6},
	"md5": {19, 18}, "scps": {20, 4}, "uto": {28, 4}, "tcp-ao": {29, 0}, "mptcp": {30, 0}, "tfo": {34, 0}, "exp": {254, 0},
}

// parseOptions reads "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7". It returns
// nil if it does not understand one.
func parseOptions(text string) *evidence.TCPOptions {
	o := &evidence.TCPOptions{}
	if text == "" {
		return o
	}
	for _, item := range split(text) {
		words := strings.Fields(item)
		if len(words) == 0 || strings.ContainsAny(item, "[]") { // of another length than it should have
			return nil
		}
		if words[0] == "eol" {
			return o
		}
		kind, ok := optionKind(words[0])
		if !ok || !setOption(o, kind, words[1:]) {
			return nil
		}
		o.Kinds = append(o.Kinds, kind)
	}
	return o
}

func optionKind(name string) (byte, bool) {
	for _, prefix := range []string{"unknown-", "opt-"} {
		if number, ok := strings.CutPrefix(name, prefix); ok {
			number, _, _ = strings.Cut(number, ":")
			n, ok := digits(number)
			return byte(n), ok && n < 256
		}
	}
	name, _, _ = strings.Cut(name, ":")
	if strings.HasPrefix(name, "exp-") {
		name = "exp"
	}
	known, ok := optionNames[name]
	return known.kind, ok
}

// setOption enters the values of an option.
func setOption(o *evidence.TCPOptions, kind byte, words []string) bool {
	var numbers []uint32
	for _, word := range words {
		if n, ok := number32(word); ok {
			numbers = append(numbers, n)
		}
	}
	switch kind {
	case 2:
		if len(numbers) != 1 || numbers[0] > 65535 {
			return false
		}
		o.MSS, o.HasMSS = uint16(numbers[0]), true
	case 3:
		if len(numbers) != 1 || numbers[0] > 255 {
			return false
		}
		o.Scale, o.HasScale = uint8(numbers[0]), true
	case 4:
		o.SACKPermitted = true
	case 8:
		if len(numbers) != 2 {
			return false
		}
		o.TSVal, o.TSEcr, o.HasTimestamps = numbers[0], numbers[1], true
	}
	return true
}

// optionLength returns how long the options are in the header. Those whose
// length varies count for nothing.
func optionLength(o *evidence.TCPOptions) int {
	if o == nil {
		return 0
	}
	sum := 0
	for _, kind := range o.Kinds {
		for _, known := range optionNames {
			if known.kind == kind {
				sum += int(known.length)
				break
			}
		}
	}
	return (sum + 3) &^ 3
}
