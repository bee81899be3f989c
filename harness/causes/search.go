package causes

import (
	"cmp"
	"slices"
	"strings"
)

// A Match is a phrase that was found in a text.
type Match struct {
	Phrase     Phrase
	Words      string // which of the phrase's words
	Begin, End int    // where in the text, in bytes
	letters    int    // of the words, without what … stands for
}

// Search returns the phrases that text contains, the one that tells most first,
// at most one for each stretch of it. What stands around a phrase and between
// its words does not matter: prefixes of logs, quotation marks, addresses,
// colours, upper and lower case. It returns none if nothing is known.
func Search(text string) []Match {
	tokens := tokenize(text)
	var found []Match
	for _, p := range Phrases() {
		for _, words := range p.Words {
			if m, ok := find(tokens, words); ok {
				m.Phrase, m.Words = p, strings.TrimPrefix(words, "=")
				found = append(found, m)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(b.letters-a.letters, a.Begin-b.Begin)
	})
	var best []Match
	for _, m := range found {
		if !slices.ContainsFunc(best, m.repeats) {
			best = append(best, m)
		}
	}
	slices.SortStableFunc(best, func(a, b Match) int { return b.Phrase.rank() - a.Phrase.rank() })
	return best
}

// rank says how much a phrase tells: a program's own words more than the
// system's, and those that only wrap others least.
func (p Phrase) rank() int {
	switch {
	case p.Wraps:
		return 0
	case p.Of == "":
		return 1
	}
	return 2
}

// repeats says whether a match says nothing beside a longer one: it shares words
// of the text with that, or is of the same phrase.
func (m Match) repeats(longer Match) bool {
	return m.Begin < longer.End && longer.Begin < m.End || m.Phrase.Words[0] == longer.Phrase.Words[0]
}

// mostBetween is how many tokens an … stands for at most: two IPv6 addresses
// and a file's name have room.
const mostBetween = 40

// find looks for the words of a phrase in a text, and takes the first place.
func find(tokens []token, words string) (Match, bool) {
	words, whole := strings.CutPrefix(words, "=")
	var parts [][]token
	letters := 0
	for part := range strings.SplitSeq(words, "…") {
		parts = append(parts, tokenize(part))
		letters += lettersOf(parts[len(parts)-1])
	}
	if whole && len(tokens) != len(parts[0]) {
		return Match{}, false
	}
	for first := range tokens {
		if last, ok := match(tokens, first, parts); ok {
			return Match{Begin: tokens[first].begin, End: tokens[last-1].end, letters: letters}, true
		}
	}
	return Match{}, false
}

// match says whether the parts stand in the text from a token on, each behind
// the other, and returns the token behind the last.
func match(tokens []token, at int, parts [][]token) (behind int, ok bool) {
	if !begins(tokens[at:], parts[0]) {
		return 0, false
	}
	at += len(parts[0])
	for _, part := range parts[1:] {
		end := min(len(tokens), at+mostBetween)
		for at < end && !begins(tokens[at:], part) {
			at++
		}
		if at == end {
			return 0, false
		}
		at += len(part)
	}
	return at, true
}

func begins(tokens, with []token) bool {
	return len(tokens) >= len(with) && slices.EqualFunc(tokens[:len(with)], with, func(a, b token) bool {
		return a.text == b.text
	})
}
