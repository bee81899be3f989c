// Package expectations reads files of what is known and expected: an audit's
// verdicts, a machine's resets.
package expectations

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxLine = 4 << 10 // bytes
	most    = 10_000  // expectations
)

// Read reads an expectation from each line but empty ones and those that begin
// with #. parse gets a line without the space around it, and its number from 1 on.
// Errors name the line; lines and their number are bounded.
func Read[E any](r io.Reader, parse func(text string, line int) (E, error)) (list []E, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		e, err := parse(text, number)
		if err != nil {
			return nil, fmt.Errorf("expectations: line %d: %w", number, err)
		}
		if list = append(list, e); len(list) > most {
			return nil, fmt.Errorf("expectations: line %d: more than %d are not read", number, most)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("expectations: a line has more than %d bytes", maxLine)
	} else if err != nil {
		return nil, fmt.Errorf("expectations: %w", err)
	}
	return list, nil
}
