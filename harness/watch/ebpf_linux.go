package watch

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// An ebpfSource reads the records of package kernel.
type ebpfSource struct {
	tracer *kernel.Tracer
	owners bool
	hz     uint64        // jiffies a second; 0: not known
	ahead  time.Duration // of the wall clock before CLOCK_MONOTONIC
	folded *folds        // nil: the rate is not limited
	thread *thread       // which asks who holds sockets; nil: any may
	older  bool          // the kernel lets nobody ask without CAP_BPF
}

func openEBPF(o Options) (source, error) {
	tracer, err := kernel.Open(kernel.Options{
		Ring: o.Ring, WithoutOwners: o.WithoutOwners, WithoutReasons: o.withoutReasons,
		Rate: o.Rate, Filter: o.Filter.kernel(),
	})
	if err != nil {
		return nil, err
	}
	s := &ebpfSource{tracer: tracer, owners: !o.WithoutOwners, older: o.olderKernel}
	if o.Rate > 0 {
		s.folded = &folds{}
	}
	if s.owners { // sockets that are older than the program get their owners
		if err := tracer.Holders(func(*kernel.Holder) {}); err != nil {
			return nil, errors.Join(err, tracer.Close())
		}
	}
	return s, nil
}

func (s *ebpfSource) lacks() []string {
	var lacks []string
	if !s.tracer.TellsReasons() {
		lacks = append(lacks, "this kernel tells no reason for a RST: Linux 6.12 and later do")
	}
	if !s.tracer.TellsErrors() {
		lacks = append(lacks, "this kernel does not tell of errors without a RST: Linux 5.15 and later do")
	}
	if !s.owners {
		lacks = append(lacks, "owners were left out")
	}
	return lacks
}

func (s *ebpfSource) counts() (seen, lost uint64) {
	c, _ := s.tracer.Counts() // of memory that is mapped: it cannot fail once it was
	return c.Seen, c.Lost
}

func (s *ebpfSource) close() error {
	if s.thread != nil {
		close(s.thread.calls)
	}
	return s.tracer.Close()
}

func (s *ebpfSource) holders(each func(cookie uint64, p Process)) (bool, error) {
	if !s.owners {
		return false, nil
	}
	ask := func() error {
		return s.ask(func(h *kernel.Holder) { each(h.Cookie, Process{PID: int(h.Process), Name: name(&h.Name)}) })
	}
	if s.thread != nil {
		return true, s.thread.do(ask)
	}
	return true, ask()
}

// ask asks the kernel who holds sockets.
func (s *ebpfSource) ask(each func(*kernel.Holder)) error {
	if s.older {
		if has, err := capabilities(); err != nil || has[1].Effective&(capBPF>>32) == 0 {
			return unix.EPERM
		}
	}
	return s.tracer.Holders(each)
}

func (s *ebpfSource) read(_ context.Context, until time.Time, each func(Event)) error {
	_, err := s.turn(until, each)
	return err
}

// turn says whether there may be more already.
func (s *ebpfSource) turn(until time.Time, each func(Event)) (more bool, err error) {
	s.synchronize()
	err = s.tracer.Read(until, func(r *kernel.Record) {
		e := s.event(r)
		if s.folded != nil {
			s.folded.remember(&e)
		}
		each(e)
	})
	more = err == nil
	if !more && !errors.Is(err, os.ErrDeadlineExceeded) {
		return false, err
	}
	if s.folded != nil && time.Since(s.folded.looked) >= time.Second {
		return more, s.folded.tell(s.tracer, each)
	}
	return more, nil
}

func (s *ebpfSource) finish(each func(Event)) error {
	for now := time.Now(); ; {
		more, err := s.turn(now, each)
		switch {
		case err != nil:
			return err
		case more: // there is
		case s.folded != nil:
			return s.folded.tell(s.tracer, each)
		default:
			return nil
		}
	}
}

// folding says whether events of that kind are only counted at the time.
func (s *ebpfSource) folding(slot uint16) bool {
	return s.folded != nil && slot > 0 && s.folded.folding(s.tracer, slot)
}

// synchronize finds out how far the wall clock is ahead: it may be set.
func (s *ebpfSource) synchronize() {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
		s.ahead = time.Duration(time.Now().UnixNano() - now.Nano())
	}
}
