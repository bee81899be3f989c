package model

import (
	"fmt"
	"sort"
	"strings"

	"github.com/resetlab/resetlab/harness/script"
)

// State writes all that the model keeps after the lines of a script, in a form
// that is the same for the same state however it came about; names are the
// names whose descriptors are open, and threads those whose calls had to wait. It
// is empty where the script has left what the model covers.
func State(s script.Script) (key string, names, threads []string) {
	m := &machine{names: map[string]*sock{}, gone: map[string]*sock{}, choices: &choices{}}
	for _, line := range s.Steps() {
		if _, stopped := m.line(line); stopped != "" {
			return "", nil, nil
		}
	}
	for name := range m.names {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	numbers := map[*sock]int{}
	for _, name := range names {
		fmt.Fprintf(&b, "%s=%d ", name, numberOf(numbers, m.names[name]))
	}
	for _, c := range m.waiting {
		threads = append(threads, c.line.Actor.String())
		fmt.Fprintf(&b, "%s %s %v %s %d; ", c.line.Actor, c.line.Call, c.returned, c.result, numberOf(numbers, c.sock))
	}
	for done := 0; done < len(numbers); { // numbering may find more
		for s, n := range numbers {
			if n == done {
				b.WriteString(describe(numbers, s))
				done++
			}
		}
	}
	return b.String(), names, threads
}

func numberOf(numbers map[*sock]int, s *sock) int {
	if s == nil {
		return -1
	}
	if _, known := numbers[s]; !known {
		numbers[s] = len(numbers)
	}
	return numbers[s]
}

// describe writes what the model keeps of a socket.
func describe(numbers map[*sock]int, s *sock) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d %s user=%d err=%s shut=%v/%v done=%v orphan=%v", numberOf(numbers, s), s.state, s.user, s.err,
		s.readShut, s.writeShut, s.done, s.orphan)
	fmt.Fprintf(&b, " queue=%d fin=%v held=%d unacked=%d jumped=%v stuffed=%v blurred=%v keepalive=%v", len(s.queue), s.fin, len(s.held),
		s.unacked, s.jumped, s.stuffed, s.blurred, s.keepalive)
	fmt.Fprintf(&b, " linger=%v/%d cork=%v lowat=%d small=%v timed=%v reuse=%v nonblocking=%v bound=%v port=%v address=%v to=%v",
		s.linger, s.lingerTime, s.cork, s.lowat, s.small, s.timed, s.reuse, s.nonblocking, s.bound,
		s.port != nil, s.address != nil, s.to != nil)
	fmt.Fprintf(&b, " rst=%v descriptors=%d backlog=%d dropped=%v", s.rst, s.descriptors, s.backlog, s.dropped)
	if s.flow != nil {
		fmt.Fprintf(&b, " peer=%d mini=%s", numberOf(numbers, s.flow.ends[1-s.side]), s.flow.mini[1-s.side])
	}
	if s.was != nil {
		fmt.Fprintf(&b, " left=%s", s.was.mini[s.side])
	}
	for _, child := range s.children {
		fmt.Fprintf(&b, " child=%d", numberOf(numbers, child))
	}
	for _, w := range s.watches {
		fmt.Fprintf(&b, " watch=%v", *w)
	}
	return b.String()
}
