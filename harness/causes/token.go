package causes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a run of letters and digits of a text, in lower case.
type token struct {
	text       string
	begin, end int // in bytes
}

// tokenize splits a text at everything that is neither a letter nor a digit.
// The sequences that colour a terminal (ECMA-48, CSI) are no part of it.
func tokenize(text string) []token {
	var tokens []token
	begin := -1
	close := func(end int) {
		if begin >= 0 {
			tokens = append(tokens, token{strings.ToLower(text[begin:end]), begin, end})
			begin = -1
		}
	}
	for i := 0; i < len(text); {
		if n := escape(text[i:]); n > 0 {
			close(i)
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			close(i)
		case begin < 0:
			begin = i
		}
		i += size
	}
	close(len(text))
	return tokens
}

// escape returns the length of the control sequence that text begins with, 0 if
// it begins with none.
func escape(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	for i := 2; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return 0
		}
	}
	return 0
}

func lettersOf(tokens []token) int {
	n := 0
	for _, t := range tokens {
		n += utf8.RuneCountInString(t.text)
	}
	return n
}
