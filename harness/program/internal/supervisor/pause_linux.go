package supervisor

import (
	"bytes"
	"errors"
	"os"
	"slices"
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
// and says whether there was one: one that was not may have started another. A
// debugger is stopped behind what it traces, whose threads stop only with its help
// (ptrace(2), Group-stop), and goes on where it was stopped before that. mu is held.
func (s *supervisor) stopMembers(p *program) (running bool) {
	members := s.members(p)
	var todo []int
	tracers := map[int]bool{}
	for _, pid := range members {
		if !isStopped(pid) {
			todo = append(todo, pid)
			tracers[tracerOf(pid)] = true
		}
	}
	for _, pid := range members {
		switch {
		case tracers[pid]:
			unix.Kill(pid, unix.SIGCONT)
		case slices.Contains(todo, pid):
			unix.Kill(pid, unix.SIGSTOP)
		}
	}
	return len(todo) > 0
}

// tracerOf is the process that traces another; 0 if none does.
func tracerOf(pid int) int {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0 // it has ended
	}
	_, behind, _ := bytes.Cut(text, []byte("\nTracerPid:\t"))
	number, _, _ := bytes.Cut(behind, []byte("\n"))
	tracer, _ := strconv.Atoi(string(number))
	return tracer
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
