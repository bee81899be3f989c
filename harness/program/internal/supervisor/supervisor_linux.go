package supervisor

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A supervisor is the process's only one.
type supervisor struct {
	channel   *Channel
	options   Options
	directory string
	sending   sync.Mutex // of replies

	mu       sync.Mutex // held while a process is reaped, so that its number is its own until then
	programs map[int]*program
	started  sync.Cond     // a program was started
	changed  chan struct{} // closed and renewed when a process was reaped
	last     int           // the number of the program started last
	empty    bool          // nothing is left of all of them
}

// A program is one that was started.
type program struct {
	pid   int // and the id of its session
	ended bool

	pausing bool // it is to be paused, and nobody has said since that it is to go on
}

// serve serves requests until the channel ends, which it does when the parent
// closes it or is gone.
func (s *supervisor) serve() {
	go s.reap()
	for {
		var q Request
		files, err := s.channel.Receive(&q)
		if err != nil {
			break // io.EOF, or a parent that is none
		}
		s.request(q, files)
	}
	s.endAll()
	err := RemoveAll(s.directory)
	closed := failed(err)
	s.reply(Reply{Closed: &closed})
}

func (s *supervisor) request(q Request, files []int) {
	switch {
	case q.Start:
		pid, pidfd, err := s.start(q.ID, files)
		closeAll(files) // before it is told: the last copy to be closed is the one that counts
		told := Reply{ID: q.ID, Started: &Started{failed(err), pid}}
		if pidfd < 0 {
			s.reply(told)
			return
		}
		s.reply(told, pidfd)
		unix.Close(pidfd)
	case q.Signal != 0:
		s.signal(q.ID, q.Signal)
	case q.Pause:
		s.setPausing(q.ID, true)
		go func() {
			paused := failed(s.pause(q.ID))
			s.reply(Reply{ID: q.ID, Paused: &paused})
		}()
	case q.Resume:
		s.resume(q.ID)
	case q.Holds != 0:
		holds := s.holds(q.ID, q.Holds)
		s.reply(Reply{ID: q.ID, Holds: &holds})
	case q.Stop != nil:
		go func() {
			stopped := s.stop(q.ID, time.Duration(q.Stop.Grace))
			s.reply(Reply{ID: q.ID, Stopped: &stopped})
		}()
	}
}

// reply sends a reply. It fails only when the parent is gone, and then all ends.
func (s *supervisor) reply(r Reply, files ...int) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.channel.Send(r, files...)
}

// start starts a program.
func (s *supervisor) start(id int, files []int) (pid, pidfd int, err error) {
	if len(files) < 4 {
		return 0, -1, errors.New("a program comes with its order and at least three descriptors")
	}
	var p Program
	order, err := io.ReadAll(io.NewSectionReader(descriptor(files[0]), 0, 1<<40))
	if err == nil {
		err = json.Unmarshal(order, &p)
	}
	if err != nil {
		return 0, -1, err
	}
	attributes := &syscall.ProcAttr{Dir: p.Dir, Env: p.Env, Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd}}
	for _, fd := range files[1:] {
		attributes.Files = append(attributes.Files, uintptr(fd))
	}
	if user := s.options.User; user != 0 {
		attributes.Sys.Credential = &syscall.Credential{Uid: user, Gid: user}
	}
	s.mu.Lock() // nobody reaps it before it is known
	defer s.mu.Unlock()
	pid, err = forkWithoutCapabilities(p.Path, p.Args, attributes)
	if err != nil {
		return 0, -1, err
	}
	s.programs[id] = &program{pid: pid}
	s.last = id
	s.empty = false
	s.started.Broadcast()
	return pid, pidfd, nil
}

// A descriptor is read at offsets.
type descriptor int

func (d descriptor) ReadAt(b []byte, offset int64) (int, error) {
	n, err := unix.Pread(int(d), b, offset)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

// forkWithoutCapabilities starts a program that has none of the capabilities
// that this process has from a user namespace. A new program keeps ambient
// ones, and none is ambient that is not inheritable (capabilities(7)).
func forkWithoutCapabilities(path string, args []string, attributes *syscall.ProcAttr) (pid int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err == nil && sets[0].Inheritable|sets[1].Inheritable != 0 {
		sets[0].Inheritable, sets[1].Inheritable = 0, 0
		if err := unix.Capset(&header, &sets[0]); err != nil {
			return 0, os.NewSyscallError("capset", err)
		}
	}
	return syscall.ForkExec(path, args, attributes)
}

// signal sends a signal to a program, unless it has ended.
func (s *supervisor) signal(id int, sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.programs[id]; p != nil && !p.ended {
		unix.Kill(p.pid, sig)
	}
}

// reap reaps all children: the programs, and whoever lost its parent.
func (s *supervisor) reap() {
	for {
		var about unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &about, unix.WEXITED|unix.WNOWAIT, nil)
		switch err {
		case nil:
			s.reapOne()
		case unix.ECHILD:
			s.awaitStart()
		}
	}
}

// awaitStart tells that nothing is left, and waits for another program.
func (s *supervisor) awaitStart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	running := false
	for _, p := range s.programs {
		running = running || !p.ended
	}
	if running {
		return // it was started just now
	}
	if s.last > 0 {
		s.reply(Reply{Empty: s.last})
	}
	s.empty = true
	s.note()
	for s.empty {
		s.started.Wait()
	}
}

// reapOne reaps a child that has ended, and tells if it is a program.
func (s *supervisor) reapOne() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status unix.WaitStatus
	pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
	if err != nil || pid <= 0 {
		return
	}
	for id, p := range s.programs {
		if p.pid == pid && !p.ended {
			p.ended = true
			exited := &Exited{Code: status.ExitStatus()}
			if status.Signaled() {
				exited.Signal = status.Signal()
			}
			s.reply(Reply{ID: id, Exited: exited})
		}
	}
	s.note()
}

// note wakes those who wait for a process to end. mu is held.
func (s *supervisor) note() {
	close(s.changed)
	s.changed = make(chan struct{})
}
