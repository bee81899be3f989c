package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// An NIO is a server in the shape that Java's non-blocking I/O gives one: one
// thread, one selector, and channels that never block. The thread sleeps in
// the selector until a channel is ready, and reads what is there. When a read
// fails it logs the error, cancels the channel's key and closes the channel;
// it never answers and drains nothing.
type NIO struct {
	host     *lab.Host
	log      *log.Logger
	address  string
	selector int                 // epoll(7), level-triggered as Java's
	acceptor int                 // the listening socket
	wakeup   int                 // eventfd(2) in the selector, for Close
	keys     map[int]*lab.Record // the channels by descriptor; the thread's alone
	buffer   []byte
	outcomes chan lab.Outcome
	closing  chan struct{}
	done     chan struct{}
	failed   error // of the thread; read it when done is closed
	close    func() error
}

// StartNIO starts an NIO server at h. It logs to logger; nil means nowhere.
func StartNIO(h *lab.Host, logger *log.Logger) (*NIO, error) {
	if logger == nil {
		logger = log.New(io.Discard, "", 0)
	}
	s := &NIO{
		host: h, log: logger, selector: -1, acceptor: -1, wakeup: -1,
		keys: map[int]*lab.Record{}, buffer: make([]byte, 4096),
		outcomes: make(chan lab.Outcome, 1024), closing: make(chan struct{}), done: make(chan struct{}),
	}
	s.close = sync.OnceValue(s.end)
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("start an NIO server: %w", err), s.release())
	}
	go s.run()
	return s, nil
}

// open makes the selector and registers what it is to watch from the start.
func (s *NIO) open() error {
	listener, err := s.host.Listen(context.Background())
	if err != nil {
		return err
	}
	defer listener.Close() // the selector has a descriptor of its own
	s.address = listener.Addr()
	raw, err := listener.TCP().SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		s.acceptor, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err := errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return err
	}
	if s.wakeup, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	if s.selector, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	return errors.Join(s.register(s.wakeup), s.register(s.acceptor))
}

// register makes the selector report fd whenever it is ready to read or, if
// it listens, to accept.
func (s *NIO) register(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(s.selector, unix.EPOLL_CTL_ADD, fd, &event))
}

// run is the thread. It alone touches the channels.
func (s *NIO) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.done)
	defer close(s.outcomes)
	s.failed = s.loop()
	for channel := range s.keys {
		s.cancel(channel)
	}
}

func (s *NIO) loop() error {
	ready := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(s.selector, ready, -1)
		if err == unix.EINTR {
			continue // the runtime signals threads to preempt them
		}
		if err != nil {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, event := range ready[:n] {
			switch fd := int(event.Fd); fd {
			case s.wakeup:
				return nil
			case s.acceptor:
				if err := s.accept(); err != nil {
					return err
				}
			default:
				s.read(fd)
			}
		}
	}
}

// accept takes one connection; the selector reports the next one anew.
func (s *NIO) accept() error {
	start := time.Now()
	channel, peer, err := unix.Accept4(s.acceptor, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err == unix.EAGAIN || err == unix.EINTR {
		return nil
	}
	if err != nil {
		return os.NewSyscallError("accept4", err)
	}
	record := s.host.Record(s.address, addressOf(peer))
	record.Remember(lab.Accept, start, 0, nil)
	s.keys[channel] = record
	return s.register(channel)
}

// read takes what the channel has, and closes it at its end of stream or
// error.
func (s *NIO) read(channel int) {
	record, start := s.keys[channel], time.Now()
	n, err := unix.Read(channel, s.buffer)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		n, err = 0, os.NewSyscallError("read", err)
	case n == 0:
		err = io.EOF
	}
	record.Remember(lab.Read, start, n, err)
	if err == nil {
		return
	}
	if err != io.EOF {
		s.log.Printf("%s: %v", record.Outcome().Remote, err)
	}
	s.cancel(channel)
}

// cancel takes the channel's key from the selector and closes the channel.
func (s *NIO) cancel(channel int) {
	record := s.keys[channel]
	delete(s.keys, channel)
	start := time.Now()
	err := unix.EpollCtl(s.selector, unix.EPOLL_CTL_DEL, channel, nil)
	err = errors.Join(os.NewSyscallError("epoll_ctl", err), os.NewSyscallError("close", unix.Close(channel)))
	record.Remember(lab.CloseOp, start, 0, err)
	select {
	case s.outcomes <- record.Outcome():
	case <-s.closing:
		select { // a server that is being closed still delivers what fits
		case s.outcomes <- record.Outcome():
		default:
		}
	}
}

// Addr returns the address, host:port, that clients connect to.
func (s *NIO) Addr() string { return s.address }

// Outcomes gives what the server saw of each connection that is over.
func (s *NIO) Outcomes() <-chan lab.Outcome { return s.outcomes }

// Close wakes the selector, closes every channel and returns when the thread
// has ended, with the error that ended it if there was one. Closing once more
// returns the same.
func (s *NIO) Close() error { return s.close() }

func (s *NIO) end() error {
	close(s.closing)
	_, err := unix.Write(s.wakeup, []byte{0, 0, 0, 0, 0, 0, 0, 1})
	if err != nil {
		return fmt.Errorf("wake the selector of %s: %w", s.address, err)
	}
	<-s.done
	return errors.Join(s.failed, s.release())
}

// release closes the descriptors that are not channels.
func (s *NIO) release() error {
	var errs []error
	for _, fd := range []int{s.acceptor, s.wakeup, s.selector} {
		if fd >= 0 {
			errs = append(errs, os.NewSyscallError("close", unix.Close(fd)))
		}
	}
	return errors.Join(errs...)
}

// addressOf writes a socket address as package net does.
func addressOf(address unix.Sockaddr) string {
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)).String()
	}
	return ""
}
