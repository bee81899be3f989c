package supervisor

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long processes that were killed may take to be gone, on the
// busiest machine; one that takes longer is stuck in the kernel, or belongs to
// somebody else.
const patience = 20 * time.Second

// reminder is how long a program has to end that is asked a second time, at the end
// of its grace. One that notes the signal in a variable, and then waits for
// something else, sleeps on: nginx in one process does, if the signal comes between
// the moment at which it looks at that variable and its next epoll_wait(2).
const reminder = time.Second

// stop ends a program and what it has started.
func (s *supervisor) stop(id int, grace time.Duration) (r Stopped) {
	s.mu.Lock()
	p := s.programs[id]
	s.mu.Unlock()
	if p == nil {
		return r
	}
	members := func() []int { return s.members(p) }
	killed := map[int]bool{}
	ended := func() bool { return p.ended }
	if !s.wait(0, ended) && !s.ask(p, grace, members) && !s.ask(p, min(grace, reminder), members) {
		s.kill([]int{p.pid}, unix.SIGKILL)
		killed[p.pid] = true
		s.wait(patience, ended)
	}
	if s.grant(grace, members, func() bool { return len(members()) == 0 }) {
		return Stopped{Killed: len(killed)}
	}
	s.end(killed, members)
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stopped{Killed: len(killed), Left: len(members())}
}

// ask asks a program's group to end, and says whether the program has within a
// grace.
func (s *supervisor) ask(p *program, grace time.Duration, members func() []int) bool {
	s.kill([]int{-p.pid}, unix.SIGTERM)
	return s.grant(grace, members, func() bool { return p.ended })
}

// end kills processes, and notes which, until there are none. Supervisors among
// them end by themselves when their parents have, and remove their directories.
func (s *supervisor) end(killed map[int]bool, rest func() []int) {
	for _, sparing := range []bool{true, false} {
		ended := s.wait(patience, func() bool {
			pids := rest()
			for _, pid := range pids {
				if !sparing || !isSupervisor(pid) {
					killed[pid] = true
					unix.Kill(pid, unix.SIGKILL)
				}
			}
			return len(pids) == 0
		})
		if ended {
			return
		}
	}
}

func (s *supervisor) kill(pids []int, sig unix.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pid := range pids {
		unix.Kill(pid, sig)
	}
}

// wait waits for a condition, at most so long, and says whether it is true. It
// can become true when a process was reaped.
func (s *supervisor) wait(most time.Duration, condition func() bool) bool {
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		met, changed := condition(), s.changed
		s.mu.Unlock()
		if met {
			return true
		}
		select {
		case <-changed:
		case <-deadline.C:
			return false
		}
	}
}

// members finds the processes of a program: itself, its session, and the
// descendants of these. If nothing else runs, whatever fled to here is its own
// too. mu is held.
func (s *supervisor) members(p *program) []int {
	if s.empty {
		return nil
	}
	self, alone := os.Getpid(), true
	for _, other := range s.programs {
		alone = alone && (other == p || other.ended)
	}
	return tree(processes(), func(q process) bool {
		return q.pid == p.pid && !p.ended || q.session == p.pid || alone && q.parent == self
	})
}

// endAll kills all processes below this one, and waits until they are gone.
func (s *supervisor) endAll() {
	self := os.Getpid()
	s.end(map[int]bool{}, func() []int {
		if s.last == 0 || s.empty {
			return nil
		}
		return tree(processes(), func(q process) bool { return q.parent == self })
	})
	if s.options.Init {
		unix.Kill(-1, unix.SIGKILL) // all of the PID namespace but its init (kill(2))
	}
}

// RemoveAll removes a directory, also one in which a program has made
// directories that nobody may write to.
func RemoveAll(directory string) error {
	err := os.RemoveAll(directory) // which does nothing if there is none
	if err == nil {
		return nil
	}
	filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(directory)
}
