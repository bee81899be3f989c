package causes

import (
	"cmp"
	"slices"
	"strings"
)

// alike is how much of a phrase's letters a text must have to be near to it.
const alike = 0.6

// Nearest returns the words of the phrases that are most like text, the nearest
// first and at most that many, for texts in which [Search] finds none. Letters
// that are mistyped, missing or swapped are borne with, and words that are
// missing.
func Nearest(text string, most int) []string {
	type candidate struct {
		words string
		score float64
	}
	tokens := tokenize(text)
	var near []candidate
	for _, p := range Phrases() {
		best := candidate{}
		for _, words := range p.Words {
			if s := likeness(tokens, words); s > best.score && !strings.HasPrefix(words, "=") {
				best = candidate{words, s}
			}
		}
		if best.score >= alike {
			near = append(near, best)
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	var words []string
	for _, c := range near[:min(most, len(near))] {
		words = append(words, c.words)
	}
	return words
}

// likeness returns the part of the letters of words that the text has, as words
// that are the same or nearly so, from 0 to 1.
func likeness(tokens []token, words string) float64 {
	wanted := tokenize(words)
	has := 0
	for _, w := range wanted {
		if slices.ContainsFunc(tokens, func(t token) bool { return nearly(t.text, w.text) }) {
			has += len(w.text)
		}
	}
	return float64(has) / float64(max(1, lettersOf(wanted)))
}

// nearly says whether two words are the same but for an error of typing: one in
// five letters.
func nearly(a, b string) bool {
	allowed := len(b) / 5
	return a == b || allowed > 0 && max(len(a)-len(b), len(b)-len(a)) <= allowed && distance(a, b) <= allowed
}

// distance is that of Levenshtein, in bytes: how many have to be put in, taken
// out or exchanged to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
