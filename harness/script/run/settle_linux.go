package run

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// A look is what the kernel says of an end, as far as it changes only when
// something happens (tcp(7), TCP_INFO; SIOCINQ).
type look struct {
	state                      uint8
	retransmits, unacked, lost uint32
	segmentsOut, segmentsIn    uint32
	acked, received            uint64
	unsent, dataOut, dataIn    uint32
	unread                     int
}

// settle returns when the last line is over: every segment has arrived and was
// answered, and each thread has returned from its call or sleeps in it. One
// barrier lets pass what was in the queue before it, and what follows from that
// is behind the barrier: so it is settled when nothing has changed across one;
// to be sure, two. A connection whose descriptor is gone can be asked nothing: a
// FIN, its ACK, the other FIN and its ACK are four generations. A proxy is one more
// who must have nothing to do: see [proxy].
func (c *course) settle() error {
	need := 2
	if c.orphans {
		need = 5
	}
	if err := c.awaitThreads(); err != nil {
		return err
	}
	before, err := c.looks()
	if err != nil {
		return err
	}
	for quiet := 0; quiet < need; {
		if err := c.pass(); err != nil {
			return err
		}
		if err := c.awaitThreads(); err != nil {
			return err
		}
		after, err := c.looks()
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			quiet++
		} else {
			quiet = 0
		}
		before = after
	}
	c.compare()
	c.noteAll()
	return nil
}

// compare notes what has become of each connection since the last line: one that
// is closed now and has received a segment meanwhile was closed by that segment.
// It also notes whether a segment was sent again. What is accepted brings along
// the count of its SYN-ACKs, which were sent again before.
func (c *course) compare() {
	for _, e := range c.order {
		if e.fd < 0 || !e.first() {
			continue
		}
		now, s := lookAt(e.fd), e.socket
		if now.state == closed && s.last.state != closed {
			s.byPeer = now.segmentsIn != s.last.segmentsIn
		}
		if now.retransmits > s.last.retransmits && (s.last.state != 0 || !s.accepted) {
			c.resent = true
		}
		s.last = now
	}
}

// closed is the number of the state CLOSE (tcp_states.h).
const closed = 7

// looks asks the kernel about every end, and about a proxy's, and notes which
// threads wait.
func (c *course) looks() ([]look, error) {
	all := make([]look, 0, len(c.order)+len(c.threads))
	for _, e := range c.order {
		if e.fd >= 0 && e.first() {
			all = append(all, lookAt(e.fd))
		}
	}
	waiting := 0
	for _, t := range c.threads {
		if t.waits() {
			waiting++
		}
	}
	all = append(all, look{unread: waiting})
	if c.proxy == nil {
		return all, nil
	}
	others, err := c.proxy.look()
	return append(all, others), err
}

func lookAt(fd int) look {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return look{} // no TCP: nothing happens to it
	}
	unread, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	if err != nil { // a listener has connections instead, which Unacked counts
		unread = -1
	}
	return look{
		state: info.State, retransmits: info.Total_retrans, unacked: info.Unacked, lost: info.Lost,
		segmentsOut: info.Segs_out, segmentsIn: info.Segs_in, acked: info.Bytes_acked, received: info.Bytes_received,
		unsent: info.Notsent_bytes, dataOut: info.Data_segs_out, dataIn: info.Data_segs_in, unread: unread,
	}
}

// pass sends a datagram to oneself and receives it: all that was in the
// processor's queue has passed.
func (r *Runner) pass() error {
	byte1 := []byte{1}
	for {
		_, err := unix.Write(r.barrier, byte1)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return os.NewSyscallError("write to oneself", err)
		}
	}
	for {
		_, err := unix.Read(r.barrier, byte1)
		if err != unix.EINTR {
			return os.NewSyscallError("read from oneself", err)
		}
	}
}

// awaitThreads returns when each thread's call has returned, or the thread
// sleeps in it, and a proxy has nothing to do.
func (c *course) awaitThreads() error {
	for _, t := range c.threads {
		for t.waits() {
			asleep, err := t.asleep()
			if err != nil {
				return err
			}
			if asleep {
				break
			}
			if c.ctx.Err() != nil {
				return fmt.Errorf("while its threads were awaited: %w", context.Cause(c.ctx))
			}
			yield()
		}
	}
	if c.proxy == nil {
		return nil
	}
	return c.proxy.awaitIdle(c.ctx)
}

// yield lets the other threads of the processor run (sched_yield(2)), and Go's
// scheduler give them what they need.
func yield() {
	runtime.Gosched()
	_, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // it always succeeds
}
