package program

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

// A stream is an output of a program on its way here.
type stream struct {
	to     io.Writer // nil: the lines
	stderr bool
	ours   *os.File // nil: the program has a file of the caller's
	theirs *os.File
}

// streams are a program's standard output and standard error.
func (c Command) streams() (list [2]stream, err error) {
	for i, to := range []io.Writer{c.Stdout, c.Stderr} {
		s := stream{to: to, stderr: i == 1}
		file, given := to.(*os.File)
		switch {
		case given:
			s.theirs = file
		default:
			s.ours, s.theirs, err = os.Pipe()
		}
		if err != nil {
			return list, errors.Join(err, list[0].discard())
		}
		list[i] = s
	}
	return list, nil
}

// discard closes both ends of a pipe.
func (s stream) discard() error {
	if s.ours == nil {
		return nil
	}
	return errors.Join(s.ours.Close(), s.theirs.Close())
}

// read closes the program's ends and reads ours until nobody has them any more.
func (p *Program) read(streams [2]stream) {
	for _, s := range streams {
		if s.ours != nil {
			p.lines.open++
		}
	}
	if p.lines.open == 0 {
		close(p.lines.closed)
	}
	for _, s := range streams {
		if s.ours != nil {
			s.theirs.Close()
			go p.copy(s)
		}
	}
}

// copy reads an output until its end. If the writer does not want more, the
// pipe is closed: who goes on writing is ended by SIGPIPE.
func (p *Program) copy(s stream) {
	if s.to != nil {
		io.Copy(struct{ io.Writer }{s.to}, s.ours)
	} else {
		split := &splitter{to: p.lines, stderr: s.stderr}
		io.Copy(split, s.ours)
		split.end()
	}
	s.ours.Close()
	p.lines.mu.Lock()
	defer p.lines.mu.Unlock()
	if p.lines.open--; p.lines.open == 0 {
		close(p.lines.closed)
	}
}

// A splitter makes lines of what is written to it.
type splitter struct {
	to     *lines
	stderr bool
	rest   []byte
	cut    bool
}

func (s *splitter) Write(b []byte) (int, error) {
	n := len(b)
	now := time.Now()
	for len(b) > 0 {
		piece, after, whole := bytes.Cut(b, []byte("\n"))
		room := keptLine - len(s.rest)
		s.cut = s.cut || len(piece) > room
		s.rest = append(s.rest, piece[:min(len(piece), room)]...)
		if whole {
			s.flush(now)
		}
		b = after
	}
	return n, nil
}

// flush makes a line of what came since the last one.
func (s *splitter) flush(at time.Time) {
	text := strings.TrimSuffix(string(s.rest), "\r")
	s.to.add(Line{At: at, Stderr: s.stderr, Text: text, Cut: s.cut})
	s.rest, s.cut = s.rest[:0], false
}

// end makes a line of what has no end, if there is something.
func (s *splitter) end() {
	if len(s.rest) > 0 || s.cut {
		s.flush(time.Now())
	}
}
