package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Reason returns the name of a reason, as "TCP_ABORT_ON_CLOSE", and whether the
// kernel told one.
func (t *Tracer) Reason(r *Record) (name string, told bool) {
	if r.Reason == NoReason || uint64(r.Reason) >= uint64(len(t.reasons)) {
		return "", false
	}
	return t.reasons[r.Reason], true
}

// TellsReasons says whether the kernel tells why a RST was sent (Linux 6.10, and
// of a socket's own RST 6.12).
func (t *Tracer) TellsReasons() bool { return t.reasons != nil }

// TellsErrors says whether it tells of errors without a RST (Linux 5.15).
func (t *Tracer) TellsErrors() bool { return t.errors }

// Turn is how many records Read hands over at most. What is more waits in the ring.
const Turn = 1 << 13

// Read hands over what has been recorded, and waits for that until the
// deadline; then it returns [os.ErrDeadlineExceeded], and nil where there may be
// more already. While it waits, a ring that fills up wakes it, and nothing else
// does: the deadline says how late records come.
func (t *Tracer) Read(deadline time.Time, each func(*Record)) error {
	t.ring.SetDeadline(deadline)
	t.more.SetDeadline(time.Unix(1, 0)) // nothing is waited for
	var r Record
	for range Turn {
		if err := t.next(); err != nil {
			return err
		}
		if len(t.record.RawSample) >= short {
			r.decode(t.record.RawSample)
			each(&r)
		}
	}
	return nil
}

// next reads one record, the older ones first: where there are some in the second
// ring, all that are in the first one are older, and no more come to it.
func (t *Tracer) next() error {
	for t.more.AvailableBytes() > 0 && t.ring.AvailableBytes() == 0 {
		if err := t.more.ReadInto(&t.record); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return t.ring.ReadInto(&t.record)
}

// Clock returns when the first event was, in jiffies and by CLOCK_MONOTONIC.
func (t *Tracer) Clock() (jiffies, nanoseconds uint64, err error) {
	v := t.collection.Variables
	err = errors.Join(v["clock_jiffies"].Get(&jiffies), v["clock_ns"].Get(&nanoseconds))
	return jiffies, nanoseconds, err
}

// Holders hands over which process holds which TCP socket, of the whole machine.
// Sockets whose owner was not known are that process's from then on.
func (t *Tracer) Holders(each func(*Holder)) error {
	var pass uint32
	if err := t.collection.Variables["pass"].Get(&pass); err != nil {
		return err
	}
	if err := t.collection.Variables["pass"].Set(pass + 1); err != nil {
		return err
	}
	pages, err := t.holders.Open()
	if err != nil {
		return fmt.Errorf("iterate over open files: %w", err)
	}
	defer pages.Close()
	if t.buffer == nil {
		t.buffer = make([]byte, 64<<10)
	}
	var h Holder
	for {
		n, err := pages.Read(t.buffer)
		for at := 0; at+holderSize <= n; at += holderSize { // the kernel hands over whole ones
			h.decode(t.buffer[at:])
			each(&h)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("iterate over open files: %w", err)
		}
	}
}
