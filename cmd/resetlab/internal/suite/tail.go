package suite

import "strings"

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

const tailKept = 64 << 10

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if excess := len(t.text) - tailKept; excess > 0 {
		t.text = append(t.text[:0], t.text[excess:]...)
	}
	return len(b), nil
}

// complaint is the line that says best why a process ended: that of a panic
// or, without one, the last.
func (t *tail) complaint() string {
	last := "it said nothing"
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}
