package supervisor

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// setPausing notes that a program is to be paused, or to go on.
func (s *supervisor) setPausing(id int, pausing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.programs[id]; p != nil {
		p.pausing = pausing
	}
}

// pause stops the processes of a program, and returns when none of them runs.
// Only a parent is told of a stop, and only of its child's: there is no event for
// it, hence the loop, which waits longer and longer.
func (s *supervisor) pause(id int) error {
	const longest = 2 * time.Millisecond
	wait, began := 50*time.Microsecond, time.Now()
	for {
		s.mu.Lock()
		p := s.programs[id]
		over := p != nil && !p.pausing
		running := p != nil && !over && s.stopMembers(p)
		changed := s.changed
		s.mu.Unlock()
		switch {
		case over:
			return errors.New("it was to go on before it was paused")
		case !running:
			return nil
		case time.Since(began) > patience:
			s.resume(id)
			return errors.New("a process cannot be stopped: it is stuck in the kernel, or somebody lets it go on")
		}
		select {
		case <-time.After(wait):
		case <-changed: // one of them has ended
		}
		wait = min(2*wait, longest)
	}
}

// stopMembers sends SIGSTOP to the processes of a program that are not stopped,
// and says whether there was one: one that was not may have started another. mu
// is held.
func (s *supervisor) stopMembers(p *program) (running bool) {
	for _, pid := range s.members(p) {
		if !isStopped(pid) {
			running = true
			unix.Kill(pid, unix.SIGSTOP)
		}
	}
	return running
}

// resume lets the processes of a program go on.
func (s *supervisor) resume(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.programs[id]; p != nil {
		p.pausing = false
		for _, pid := range s.members(p) {
			unix.Kill(pid, unix.SIGCONT)
		}
	}
}

// isStopped says whether no thread of a process runs: each is stopped, by a
// signal or for who traces it, or has ended (proc_pid_stat(5)).
func isStopped(pid int) bool {
	directory := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(directory)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(directory + thread.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		state := bytes.TrimLeft(text[bytes.LastIndexByte(text, ')')+1:], " ")
		if len(state) > 0 && bytes.IndexByte([]byte("TtZX"), state[0]) < 0 {
			return false
		}
	}
	return true
}
