package script

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A kind of token.
type tokenKind int

const (
	word  tokenKind = iota
	text            // a string, its value unquoted
	arrow           // → or ->
	punct           // { } , of an expectation
	stop            // the end of a line
)

// A token is a word of a line, and where it stands.
type token struct {
	kind tokenKind
	text string
	at   Position
}

// String is the token as an error quotes it.
func (t token) String() string {
	switch t.kind {
	case text:
		return quote(t.text)
	case stop:
		return "the end of the line"
	}
	return strconv.Quote(t.text)
}

// A scanner makes tokens of one line of a text.
type scanner struct {
	line   []rune
	source string
	number int
	at     int  // the index of the next character
	expect bool // behind an arrow, where commas and braces are words of their own
}

// A part is what stands between two ";": its tokens, the last of which is a
// stop, and the comment that follows.
type part struct {
	tokens  []token
	comment *string
}

// parts reads the line. If a string has no end or no meaning, it says so.
func (s *scanner) parts() ([]part, *Error) {
	var all []part
	var now part
	for {
		s.skipSpace()
		t, ends, err := s.next()
		if err != nil {
			return nil, err
		}
		if !ends {
			now.tokens = append(now.tokens, t)
			continue
		}
		now.tokens = append(now.tokens, token{kind: stop, at: s.position(s.at)})
		s.expect = false
		if s.at < len(s.line) && s.line[s.at] == ';' {
			s.at++
			all = append(all, now)
			now = part{}
			continue
		}
		if s.at < len(s.line) { // '#'
			comment := strings.TrimSpace(string(s.line[s.at+1:]))
			now.comment = &comment
		}
		return append(all, now), nil
	}
}

func (s *scanner) skipSpace() {
	for s.at < len(s.line) && unicode.IsSpace(s.line[s.at]) {
		s.at++
	}
}

// next reads one token, or says that the line or its part ends here.
func (s *scanner) next() (t token, ends bool, err *Error) {
	if s.at >= len(s.line) {
		return t, true, nil
	}
	start := s.at
	t.at = s.position(start)
	switch c := s.line[start]; {
	case c == ';' || c == '#':
		return t, true, nil
	case c == '"':
		t.kind = text
		t.text, err = s.quoted()
		return t, false, err
	case strings.ContainsRune("“”„«»", c):
		return t, false, s.errorf(start, `strings stand in "straight" quotes`, "%q begins no string", string(c))
	case s.arrowAt(start) > 0:
		s.at += s.arrowAt(start)
		t.kind, t.text, s.expect = arrow, "→", true
		return t, false, nil
	case s.expect && strings.ContainsRune("{},", c):
		s.at++
		t.kind, t.text = punct, string(c)
		return t, false, nil
	}
	for s.at < len(s.line) && !s.wordEnds() {
		s.at++
	}
	t.text = string(s.line[start:s.at])
	return t, false, nil
}

// wordEnds says whether a word ends before the next character.
func (s *scanner) wordEnds() bool {
	c := s.line[s.at]
	return unicode.IsSpace(c) || strings.ContainsRune(`;#"“”„«»`, c) || s.arrowAt(s.at) > 0 ||
		s.expect && strings.ContainsRune("{},", c)
}

// arrowAt returns how many characters of an arrow begin at an index.
func (s *scanner) arrowAt(i int) int {
	switch {
	case s.line[i] == '→':
		return 1
	case s.line[i] == '-' && i+1 < len(s.line) && s.line[i+1] == '>':
		return 2
	}
	return 0
}

// quoted reads a string and its escapes.
func (s *scanner) quoted() (string, *Error) {
	start := s.at
	var value []byte
	for s.at++; s.at < len(s.line); s.at++ {
		switch c := s.line[s.at]; c {
		case '"':
			s.at++
			return string(value), nil
		case '\\':
			b, err := s.escaped()
			if err != nil {
				return "", err
			}
			value = append(value, b)
		default:
			value = utf8.AppendRune(value, c)
		}
	}
	return "", s.errorf(start, `it ends with "`, "the string has no end")
}

// escaped reads what follows a backslash, which is the next character.
func (s *scanner) escaped() (byte, *Error) {
	start := s.at
	s.at++
	if s.at < len(s.line) {
		switch c := s.line[s.at]; c {
		case '"', '\\':
			return byte(c), nil
		case 'n':
			return '\n', nil
		case 'r':
			return '\r', nil
		case 'x':
			if s.at+2 < len(s.line) {
				b, err := strconv.ParseUint(string(s.line[s.at+1:s.at+3]), 16, 8)
				if err == nil {
					s.at += 2
					return byte(b), nil
				}
			}
		}
	}
	return 0, s.errorf(start, `\", \\, \n, \r and \xHH are those that there are`, "no such escape in a string")
}

func (s *scanner) position(index int) Position {
	return Position{Line: s.number, Column: index + 1}
}

// errorf makes an error of something at an index of the line.
func (s *scanner) errorf(index int, hint, format string, arguments ...any) *Error {
	return &Error{At: s.position(index), Problem: fmt.Sprintf(format, arguments...), Hint: hint, Source: s.source}
}

// printable is how many bytes the character at the beginning of a text has if it
// can be printed, else 0.
func printable(bytes string) int {
	r, size := utf8.DecodeRuneInString(bytes)
	if r == utf8.RuneError && size < 2 || !unicode.IsPrint(r) {
		return 0
	}
	return size
}
