package program

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Line is a line of a program's output, without its end.
type Line struct {
	At     time.Time // when it had been read
	Stderr bool
	Text   string
	Cut    bool // it was longer: the rest is dropped
}

// What is kept of the output, in bytes of text: the beginning, the end, and as
// much of a single line. A line counts for its bookkeeping too.
const (
	keptHead = 256 << 10
	keptTail = 256 << 10
	keptLine = 16 << 10
	lineCost = 64
)

// lines keep what both outputs of a program said.
type lines struct {
	mu                 sync.Mutex
	head, tail         []Line
	headSize, tailSize int
	dropped            int
	waiters            []*waiter
	open               int           // outputs that may still say something
	closed             chan struct{} // closed when none may
}

// A waiter waits for a line.
type waiter struct {
	match   func(Line) bool
	matched chan Line // has room for it
}

// add keeps a line, and drops from the middle what is too much.
func (l *lines) add(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiters = slices.DeleteFunc(l.waiters, func(w *waiter) bool {
		if !w.match(line) {
			return false
		}
		w.matched <- line
		return true
	})
	size := len(line.Text) + lineCost
	if len(l.tail) == 0 && l.headSize+size <= keptHead {
		l.head, l.headSize = append(l.head, line), l.headSize+size
		return
	}
	l.tail, l.tailSize = append(l.tail, line), l.tailSize+size
	for l.tailSize > keptTail {
		l.tailSize -= len(l.tail[0].Text) + lineCost
		l.tail[0] = Line{}
		l.tail = l.tail[1:]
		l.dropped++
	}
}

// all returns what was kept, and how many lines were dropped between.
func (l *lines) all() (kept []Line, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.head, l.tail), l.dropped
}

// await returns the first line that matches, of those kept and those to come.
// When failed is closed, what was said before that may still have to be read.
func (l *lines) await(ctx context.Context, failed <-chan struct{}, match func(Line) bool) (Line, bool) {
	l.mu.Lock()
	for _, line := range slices.Concat(l.head, l.tail) {
		if match(line) {
			l.mu.Unlock()
			return line, true
		}
	}
	w := &waiter{match: match, matched: make(chan Line, 1)}
	l.waiters = append(l.waiters, w)
	l.mu.Unlock()
	select {
	case <-failed:
		l.awaitEnd()
	case <-l.closed:
	case line := <-w.matched:
		return line, true
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiters = slices.DeleteFunc(l.waiters, func(other *waiter) bool { return other == w })
	select {
	case line := <-w.matched:
		return line, true
	default:
		return Line{}, false
	}
}

// outputHeld is how long the end of the output is waited for when all that is
// known to have it is gone.
const outputHeld = time.Second

// awaitEnd waits until the output has ended, but not for who was given it and
// is no descendant.
func (l *lines) awaitEnd() {
	select {
	case <-l.closed:
	case <-time.After(outputHeld):
	}
}

// last is what was said last, for the end of an error: by standard error, if it
// said something.
func (l *lines) last() string {
	kept, _ := l.all()
	said := ""
	for _, onStderr := range []bool{true, false} {
		for i := len(kept) - 1; i >= 0 && said == ""; i-- {
			if kept[i].Stderr == onStderr {
				said = strings.TrimSpace(kept[i].Text)
			}
		}
	}
	if said == "" {
		return ""
	}
	return fmt.Sprintf(": %.300s", said)
}
