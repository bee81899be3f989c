package harness

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// A pipe is one direction of a connection. A toxiproxy link reads from it, as
// its source, and writes to it, as its destination, with the toxics between.
type pipe struct {
	conn     *connection
	from, to *leg
	read     atomic.Int64 // bytes read from the one end
	gone     bool         // the stream's end has come through; conn.mu guards it

	halved bool // a cut has ended this direction; only its writer looks

	writing sync.Mutex // held while writing; it is taken before mu

	mu     sync.Mutex // guards the rest; it is never held while writing
	passed int64      // bytes passed, or about to be, toward the other end
	limit  int64      // where passing stops to ask for a cut
	marks  []mark     // where cuts may strike
}

// A mark is the byte of a pipe at which a cut is due.
type mark struct {
	cut *ArmedCut
	at  int64
}

// unlimited is the limit of a pipe that no cut concerns.
const unlimited = math.MaxInt64

// buffers are what pipes copy through, each for the life of one direction: a
// connection that allocates its own costs more than all else that it does.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// source is a pipe as toxiproxy's link reads it, with io.Copy, which prefers
// WriteTo.
type source struct{ pipe *pipe }

// WriteTo reads until the end of the stream. Toxiproxy's writers never fail.
func (s source) WriteTo(w io.Writer) (n int64, err error) {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	for {
		got, err := s.Read(buffer[:])
		if got > 0 { // an empty chunk would make toxics delay the end of the stream
			n += int64(got)
			w.Write(buffer[:got])
		}
		if err != nil {
			return n, nil
		}
	}
}

// Read reads from the end that sends. Every end of the stream is io.EOF to
// the link; what kind it was is kept in the leg.
func (s source) Read(b []byte) (int, error) {
	p := s.pipe
	n, err := p.from.read(b)
	p.read.Add(int64(n))
	if err == nil {
		return n, nil
	}
	ending := EndingOf(err)
	if ending == Finished && socket.HungUp(p.from.conn) && !p.from.finished.Load() {
		ending = Reset
	}
	p.conn.ended(p, ending)
	return n, io.EOF
}

// destination is a pipe as toxiproxy's link writes it, with io.Copy, which
// prefers ReadFrom.
type destination struct{ pipe *pipe }

// ReadFrom writes all that comes out of the link.
func (d destination) ReadFrom(r io.Reader) (n int64, err error) {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	for {
		got, err := r.Read(buffer[:])
		n += int64(got)
		d.Write(buffer[:got])
		if err != nil {
			return n, nil
		}
	}
}

// Write passes b on, up to where a cut strikes. It never fails: the link of a
// connection that is over must go on being emptied, or its goroutines stay.
func (d destination) Write(b []byte) (int, error) {
	p, rest := d.pipe, b
	p.watch(b)
	if p.conn.filtering != nil && !p.conn.stopped.Load() && !p.to.lost.Load() {
		if err := p.filter(b); err != nil {
			p.conn.lose(p.to, lostBy(err))
		}
		return len(b), nil
	}
	if p.conn.pacing != nil && p.to.end == Client {
		p.conn.pacing.pace(b)
		return len(b), nil
	}
	for len(rest) > 0 && !p.halved && !p.conn.stopped.Load() && !p.to.lost.Load() {
		n, due, err := p.pass(rest)
		rest = rest[n:]
		if err != nil {
			p.conn.lose(p.to, lostBy(err))
		} else if due {
			p.conn.strike(p, len(rest))
		}
	}
	return len(b), nil
}

// watch shows the next bytes to the connection's watcher and arms its cut.
func (p *pipe) watch(b []byte) {
	c := p.conn
	if c.watcher == nil || len(b) == 0 || c.stopped.Load() {
		return
	}
	cut := c.watcher(p.to.end, b)
	if cut == nil {
		return
	}
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if armed := c.armWatched(*cut, p.to.end, len(b)); armed != nil {
		p.arm(armed)
	}
}

// armWatched puts a cut on duty that a watcher wants within the n bytes that it
// was shown, or rejects it. The proxy's mutex is held.
func (c *connection) armWatched(cut Cut, toward End, n int) *ArmedCut {
	watched := cut
	watched.Toward, watched.FromStart, watched.On, watched.Times = toward, false, Nth(c.number), 1
	err := watched.check()
	switch {
	case cut.Now:
		err = errors.New("cut: Now is not allowed: a watcher cuts within what it was shown")
	case err == nil && watched.After > int64(n):
		err = fmt.Errorf("cut: After is %d: a watcher may cut within the %d bytes that it was shown", watched.After, n)
	}
	if err != nil {
		c.proxy.rejected = append(c.proxy.rejected, fmt.Errorf("watcher: %w", err))
		return nil
	}
	armed := c.proxy.newArmedCut(watched)
	armed.nth = c.number
	c.proxy.watched = keepNewest(append(c.proxy.watched, armed), c.proxy.settings.Keep)
	return armed
}

// lostBy says how an end was lost that a write failed to: the kernel gives
// EPIPE instead of ECONNRESET where the reader has taken the error of the RST,
// or where the RST came behind a FIN.
func lostBy(err error) Ending {
	if ending := EndingOf(err); ending != BrokenPipe {
		return ending
	}
	return Reset
}

// Close is called by the link when all that came before the end is through.
func (d destination) Close() error {
	d.pipe.conn.through(d.pipe)
	return nil
}

// pass writes b up to the next mark, and says whether it was reached. The
// count of what has passed includes what is being written; nobody who holds
// writing sees it so.
func (p *pipe) pass(b []byte) (n int, due bool, err error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.conn.stopped.Load() {
		return 0, false, nil
	}
	take, due := p.admit(len(b))
	if take > 0 {
		n, err = p.to.write(b[:take])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed -= int64(take - n)
	return n, due, err
}

// admit says how many of n bytes may pass before the next mark, counts them
// as passed, and says whether they reach it.
func (p *pipe) admit(n int) (pass int, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if room := p.limit - p.passed; int64(n) >= room {
		n, due = int(room), true
	}
	p.passed += int64(n)
	return n, due
}

// halt makes a write in progress on a stopped connection give up, and returns
// what is then final: how many bytes have passed, and how many are held.
func (p *pipe) halt() (passed, held int64) {
	p.to.conn.SetWriteDeadline(time.Unix(0, 1)) // fails only on a closed socket
	p.writing.Lock()
	defer p.writing.Unlock()
	passed = p.position()
	return passed, max(0, p.read.Load()-passed)
}

// arm marks where cut strikes in this pipe. The proxy's mutex is held.
func (p *pipe) arm(cut *ArmedCut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := cut.cut.After
	if !cut.cut.FromStart {
		at += p.passed
	}
	if at >= p.passed {
		p.marks = append(p.marks, mark{cut, at})
		p.limit = min(p.limit, at)
	}
}

// dueCut returns the first cut, in the order of arming, that strikes at the
// present byte. A cut after 0 bytes waits for a byte to withhold: pending.
// Where none is due the limit moves on. The proxy's mutex is held.
func (p *pipe) dueCut(pending int) *ArmedCut {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = unlimited
	for _, m := range p.marks {
		if m.at < p.passed || m.cut.spent() {
			continue
		}
		if m.at == p.passed && (pending > 0 || m.cut.cut.After > 0) {
			return m.cut
		}
		p.limit = min(p.limit, m.at)
	}
	return nil
}

// position returns how many bytes have passed.
func (p *pipe) position() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}
