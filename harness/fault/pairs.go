package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness"
)

// A pair is one key=value of what the user wrote.
type pair struct{ key, value string }

// split takes text apart and refuses a key given twice.
func split(text string) ([]pair, error) {
	var pairs []pair
	for part := range strings.SplitSeq(text, ",") {
		key, value, valued := strings.Cut(strings.TrimSpace(part), "=")
		p := pair{key: strings.TrimSpace(key), value: strings.TrimSpace(value)}
		if p.key == "" || !valued {
			return nil, fmt.Errorf("%q: want key=value, commas between", part)
		}
		if slices.ContainsFunc(pairs, func(q pair) bool { return q.key == p.key }) {
			return nil, fmt.Errorf("%s is given twice", p.key)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// party reads an end of the connection.
func (p pair) party() (harness.End, error) {
	return oneOf(p, harness.Client, harness.Server)
}

// number reads an integer that is at least min.
func (p pair) number(min int64) (int64, error) {
	n, err := strconv.ParseInt(p.value, 10, 64)
	if err != nil || n < min {
		return 0, fmt.Errorf("%s=%s: want a whole number, at least %d", p.key, p.value, min)
	}
	return n, nil
}

// truth reads true or false.
func (p pair) truth() (bool, error) {
	if p.value != "true" && p.value != "false" {
		return false, fmt.Errorf("%s=%s: allowed are true, false", p.key, p.value)
	}
	return p.value == "true", nil
}

// oneOf reads a word of a list.
func oneOf[T ~string](p pair, words ...T) (T, error) {
	if slices.Contains(words, T(p.value)) {
		return T(p.value), nil
	}
	var allowed []string
	for _, word := range words {
		allowed = append(allowed, string(word))
	}
	return "", fmt.Errorf("%s=%s: allowed are %s", p.key, p.value, strings.Join(allowed, ", "))
}
