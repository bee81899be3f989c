package terminal

import (
	"strings"
	"unicode"
)

// Printable makes text of foreign origin fit for a terminal: what is no
// printable character, a control sequence above all, is replaced by U+FFFD.
// Newlines stay, and tabs become blanks.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Line is [Printable] for what must not begin another line.
func Line(text string) string {
	return strings.Join(strings.Fields(Printable(text)), " ")
}
