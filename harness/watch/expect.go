package watch

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/internal/expectations"
)

// An Expectation is a kind of reset that is known to come, with the reason.
type Expectation struct {
	Program string   // a pattern of the name of an owner, as of path.Match
	Port    uint16   // of the server; 0: any
	Causes  []string // one of them is the first cause; empty: any
	Reason  string
	Line    int // of the file
}

// ParseExpectations reads expectations, one a line: a pattern of the program's
// name, with :PORT behind it if only that port of a server is meant; the cause,
// with | between several, or *; and the reason. What follows a # at the
// beginning of a line is a comment. The error names the line and what is wrong
// with it.
//
//	# program      cause                  reason
//	nginx:8080     linger-zero            return 444, on purpose
//	*              refused|health-check   the load balancer probes
func ParseExpectations(r io.Reader) ([]Expectation, error) {
	return expectations.Read(r, parseExpectation)
}

func parseExpectation(text string, line int) (e Expectation, err error) {
	e.Line = line
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return e, errors.New("want PROGRAM CAUSE REASON, such as: nginx:8080 linger-zero return 444")
	}
	e.Reason = strings.Join(fields[2:], " ")
	program, port, found := strings.Cut(fields[0], ":")
	if e.Program = program; found && port != "*" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return e, fmt.Errorf("port %q: want a number from 1 to 65535, or *", port)
		}
		e.Port = uint16(number)
	}
	if _, err := path.Match(e.Program, ""); err != nil || e.Program == "" {
		return e, fmt.Errorf("program %q is no pattern", e.Program)
	}
	if fields[1] == "*" {
		return e, nil
	}
	e.Causes = strings.Split(fields[1], "|")
	for _, name := range e.Causes {
		if _, found := causes.Find(name); !found {
			return e, fmt.Errorf("there is no cause %q", name)
		}
	}
	return e, nil
}

// Covers says whether the diagnosis is of that kind: the first cause, and the
// owner of either end. Whose owner is not known is covered by the program *
// alone.
func (e *Expectation) Covers(d *Diagnosis) bool {
	if len(e.Causes) > 0 && !slices.Contains(e.Causes, d.Cause) || e.Port != 0 && e.Port != d.ServerPort() {
		return false
	}
	ends := []*Event{&d.Event}
	if d.Peer != nil {
		ends = append(ends, d.Peer)
	}
	return e.Program == "*" || slices.ContainsFunc(ends, func(end *Event) bool {
		match, _ := path.Match(e.Program, end.Owner.Name) // it was checked
		return match && end.Owner.PID != 0
	})
}
