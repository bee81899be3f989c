package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program/internal/supervisor"
)

// Dir is the private directory, empty if there is none. Close removes it, and so
// does the end of this process.
func (s *Supervisor) Dir() string { return s.dir }

// Start starts a program. It returns when that is executed; the context ends
// the wait for it.
func (s *Supervisor) Start(ctx context.Context, c Command) (*Program, error) {
	path, c, err := c.resolved(s.dir)
	if err != nil {
		return nil, err
	}
	order, err := asFile(supervisor.Program{Path: path, Args: c.Args, Env: c.Env, Dir: c.Dir})
	if err != nil {
		return nil, err
	}
	defer order.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	if c.Stdin == nil {
		c.Stdin = null
	}
	streams, err := c.streams()
	if err != nil {
		return nil, err
	}
	r, err := s.start(ctx, c, order, streams)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Args[0], err), streams[0].discard(), streams[1].discard())
	}
	r.Program.read(streams)
	return r.Program, nil
}

// asFile makes a file of an order, which may be longer than any message.
func asFile(p supervisor.Program) (*os.File, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("program", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "program")
	if _, err := file.Write(text); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (s *Supervisor) start(ctx context.Context, c Command, order *os.File, streams [2]stream) (*record, error) {
	r := &record{
		Program: newProgram(c), started: make(chan reply, 1), stopped: make(chan reply, 1), holds: make(chan reply, 1),
		paused: make(chan reply, 1),
	}
	files := []int{
		int(order.Fd()), int(c.Stdin.Fd()), int(streams[0].theirs.Fd()), int(streams[1].theirs.Fd()),
	}
	for _, file := range c.Files {
		files = append(files, int(file.Fd()))
	}
	s.sending.Lock() // they are started by number
	id := s.enter(r)
	err := s.channel.Send(supervisor.Request{ID: id, Start: true}, files...)
	s.sending.Unlock()
	if err == nil {
		err = s.started(ctx, r)
	}
	if err != nil {
		s.mu.Lock()
		delete(s.records, id)
		s.mu.Unlock()
		s.send(supervisor.Request{ID: id, Stop: &supervisor.Stop{}}) // unless it was not started
	}
	return r, err
}

// enter gives a program its number.
func (s *Supervisor) enter(r *record) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	r.dir, r.files, r.run = s.dir, len(s.options.Files) > 0, below{s, s.next, r}
	s.records[s.next] = r
	return s.next
}

// started waits until the program is executed.
func (s *Supervisor) started(ctx context.Context, r *record) error {
	select {
	case told := <-r.started:
		err := asError(told.Started.Failure)
		r.pid = told.Started.PID
		if told.file >= 0 {
			defer unix.Close(told.file)
			r.pid, err = pidOf(told.file)
		}
		return err
	case <-s.reading:
		return errDead
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errDead says that the supervisor's process has ended.
var errDead = errors.New("the supervisor has ended")

// pidOf returns the id by which this process knows the process behind a pidfd.
func pidOf(pidfd int) (int, error) {
	text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(pidfd))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "\nPid:")
	line, _, _ := strings.Cut(rest, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("process id in %q: %w", text, err)
	}
	return pid, nil
}

func (s *Supervisor) send(q supervisor.Request, files ...int) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.channel.Send(q, files...)
}

// read takes what the supervisor tells, until it has ended.
func (s *Supervisor) read() {
	defer close(s.reading)
	for {
		told := reply{file: -1}
		files, err := s.channel.Receive(&told.Reply)
		if err != nil {
			break
		}
		if len(files) > 0 {
			told.file = files[0]
		}
		s.take(told)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		r.end(errDead)
	}
	s.release(s.next)
}

// take passes on what the supervisor tells.
func (s *Supervisor) take(told reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[told.ID]
	switch {
	case told.Closed != nil:
		s.closed = told.Closed
	case told.Empty > 0:
		s.release(told.Empty)
	case r == nil:
		if told.file >= 0 {
			unix.Close(told.file) // of a program whose start was given up
		}
	case told.Started != nil:
		r.started <- told
	case told.Exited != nil:
		r.end(exitError(*told.Exited))
	case told.Stopped != nil:
		r.stopped <- told
	case told.Paused != nil:
		r.paused <- told
	case told.Holds != nil:
		r.holds <- told
	}
}
