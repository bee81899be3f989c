package run

import (
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// fill writes until the next byte would have to wait, also when all that could
// be sent has arrived.
func (c *course) fill(line script.Line) (script.Result, error) {
	chunk := make([]byte, 64<<10)
	total := 0
	for {
		r, err := c.once(line, func(fd int) script.Result { return writeAll(fd, chunk) })
		total += r.Count
		if err != nil || r.Kind != script.Full {
			return r, err
		}
		if r.Count == 0 {
			r.Count = total
			return r, nil
		}
	}
}

// writeAll writes until it would have to wait, or fails.
func writeAll(fd int, chunk []byte) script.Result {
	total := 0
	for {
		r := send(fd, chunk, unix.MSG_DONTWAIT)
		switch {
		case r.Kind == script.Count:
			total += r.Count
			continue
		case r.Errno == "EAGAIN":
			return script.Result{Kind: script.Full, Count: total}
		}
		r.Count = total
		return r
	}
}

// drain reads until it would have to wait, also when all that could be sent has
// arrived.
func (c *course) drain(line script.Line) (script.Result, error) {
	total := 0
	for {
		r, err := c.once(line, readAll)
		total += r.Count
		if err != nil || r.Kind != script.Then {
			return r, err
		}
		if r.Count == 0 || r.End != script.Nothing {
			r.Count = total
			e := c.ends[line.Actor.Name]
			r.Read = e.socket.read
			if peer := c.peer(e.socket); peer != nil {
				r.Written = peer.written
			}
			return r, nil
		}
	}
}

// readAll reads until there is nothing, the end, or an error.
func readAll(fd int) script.Result {
	buffer := make([]byte, 64<<10)
	total := 0
	for {
		n, err := recvfrom(fd, buffer, unix.MSG_DONTWAIT)
		total += n
		switch {
		case err == unix.EAGAIN:
			return script.Result{Kind: script.Then, Count: total, End: script.Nothing}
		case err != nil:
			r := failure(err)
			return script.Result{Kind: script.Then, Count: total, End: script.Failed, Errno: r.Errno}
		case n == 0:
			return script.Result{Kind: script.Then, Count: total, End: script.EOF}
		}
	}
}

// once makes calls that never wait, and waits until their line is over.
func (c *course) once(line script.Line, do func(fd int) script.Result) (script.Result, error) {
	e, err := c.endOf(line)
	if err != nil {
		return script.Result{}, err
	}
	fd := e.fd
	made, err := c.begin(line, e, newJob(0, func() script.Result { return do(fd) }))
	if err != nil {
		return script.Result{}, err
	}
	<-made.job.done // it never waits
	if err := c.settle(); err != nil {
		return script.Result{}, err
	}
	return c.finish(made), nil
}
