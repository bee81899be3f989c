package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/resetlab/resetlab/harness/internal/jsonerror"
)

// keptLine bounds a line of a session's standard output.
const keptLine = 2 << 20

// An answerLine is the JSON line by which a session answers a call.
type answerLine struct {
	ID   string  `json:"id"`
	Body *string `json:"body"`
	statement
}

// answers is the standard output of a session: it hands the lines over to those
// who wait for them. The first line that is none ends it, and is told to all.
type answers struct {
	violated chan struct{} // closed then

	mu    sync.Mutex // guards the rest
	calls map[string]chan answerLine
	rest  []byte // the beginning of a line
	err   error
}

func newAnswers() *answers {
	return &answers{violated: make(chan struct{}), calls: map[string]chan answerLine{}}
}

// expect returns where the answer to a call comes; one that is given up is not
// read.
func (a *answers) expect(id string) (<-chan answerLine, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return nil, a.err
	}
	answered := make(chan answerLine, 1)
	a.calls[id] = answered
	return answered, nil
}

// violation returns what was wrong with a line, if one was.
func (a *answers) violation() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Write takes what the program writes. Its error closes the pipe, so that who
// goes on writing is ended.
func (a *answers) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(b)
	for a.err == nil && len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		a.rest = append(a.rest, b[:end]...)
		b = b[end:]
		switch whole := a.rest[len(a.rest)-1] == '\n'; {
		case len(a.rest) > keptLine:
			a.violate(fmt.Errorf("a line of its standard output is longer than %d bytes", keptLine))
		case whole:
			if err := a.take(a.rest); err != nil {
				a.violate(err)
			}
			a.rest = a.rest[:0]
		}
	}
	if a.err != nil {
		return 0, a.err
	}
	return n, nil
}

// take hands an answer over. mu is held.
func (a *answers) take(line []byte) error {
	answer, err := parseAnswer(line)
	if err != nil {
		return err
	}
	answered, known := a.calls[answer.ID]
	switch {
	case !known:
		return fmt.Errorf("it answers the call %.40q, which it was not given", answer.ID)
	case answered == nil:
		return fmt.Errorf("it answers the call %.40q twice", answer.ID)
	}
	answered <- answer // there is room for one
	a.calls[answer.ID] = nil
	return nil
}

// parseAnswer reads a line.
func parseAnswer(line []byte) (a answerLine, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&a); err != nil {
		err = jsonerror.Explain(err)
	} else if decoder.More() {
		err = errors.New("there is more behind it")
	}
	if err == nil && (a.ID == "" || a.OK == nil) {
		err = errors.New(`"id" and "ok" must be there`)
	}
	if err != nil {
		return a, fmt.Errorf("its standard output has the line %s, which is no answer: %w", shortened(line), err)
	}
	return a, nil
}

// shortened is the beginning of a line.
func shortened(line []byte) string {
	text := bounded(string(line[:min(len(line), 4*mostQuoted)]))
	if runes := []rune(text); len(runes) > mostQuoted {
		text = string(runes[:mostQuoted]) + "…"
	}
	return text
}

// mostQuoted bounds what an error quotes of a line.
const mostQuoted = 60

// violate ends it. mu is held.
func (a *answers) violate(err error) {
	a.err = fmt.Errorf("the agent does not keep to the protocol: %w", err)
	a.rest = nil
	close(a.violated)
}
