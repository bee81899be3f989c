package audit

import (
	"context"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// watchPaced is the proxy's Watch where the fault is harmless. What passes toward
// the client is shown to the protocol when it is written, by pace.
func (t *trigger) watchPaced(connection int) harness.Watcher {
	w := t.follow(connection)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paced[connection] = w
	return func(toward harness.End, b []byte) *harness.Cut {
		if toward == harness.Server {
			w.asks(b)
		}
		return nil
	}
}

// asks shows the next bytes toward the server to the protocol.
func (w *watchedConn) asks(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.clock.now()
	for _, m := range w.watcher.See(harness.Server, b) {
		if w.armed {
			w.concerns(m.Exchange)
		}
	}
	w.count(harness.Server, b, len(b), false)
}

// A portion says what the next bytes toward the client are for a harmless fault.
type portion struct {
	reply int  // behind how many bytes the reply to the call is; -1: none of them is
	begun bool // it begins there
	at    int  // behind how many bytes the cell's place is
	met   bool // it is there
}

// portion shows bytes to the protocol's watcher.
func (w *watchedConn) portion(b []byte) portion {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.clock.now()
	p := portion{reply: -1}
	if w.armed && w.replying {
		p.reply = 0
	}
	for _, m := range w.watcher.See(harness.Client, b) {
		if !w.armed || !w.concerns(m.Exchange) || w.bound == 0 && m.Exchange != w.exchange {
			continue
		}
		if m.Exchange > 0 && m.Exchange != w.exchange {
			p.reply, p.begun = m.At, true
			w.exchange, w.replying = m.Exchange, true
		}
		if m.Place == w.place.ID && w.bound != 0 && !p.met {
			p.at, p.met = m.At, true
		}
	}
	if end, n, ok := point.ParseByte(w.place.ID); ok && end == harness.Client && w.armed && w.bound != 0 && !p.met {
		at := n - w.passed[harness.Client]
		p.at, p.met = int(at), at >= 0 && (at < int64(len(b)) || at == int64(len(b)) && n > 0)
	}
	return p
}

// passes counts bytes toward the client, in which the fault has struck or not.
func (w *watchedConn) passes(b []byte, at int, struck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if struck {
		w.hit()
		if w.cut == nil {
			before := append(slices.Clone(w.tail[harness.Client]), b[:at]...)
			w.cut = &verdict.CutBytes{Toward: harness.Client,
				Before: before[max(0, len(before)-contextBytes):], After: slices.Clone(b[at:min(len(b), at+contextBytes)])}
		}
	}
	w.count(harness.Client, b, len(b), false)
}

// A pacer writes to the client of one connection.
type pacer struct {
	*localInjector
	harness.Pacing
	conn   *watchedConn
	trusts bool // the client reads what has come, as far as is known
	alone  int  // bytes of replies that have come alone
}

// mostAlone is how many bytes come alone on a connection: what follows in a longer
// reply is more of the same.
const mostAlone = 4 << 10

// pace is the proxy's Pace.
func (l *localInjector) pace(ctx context.Context, to harness.Pacing) {
	l.trigger.mu.Lock()
	p := &pacer{localInjector: l, Pacing: to, conn: l.trigger.paced[to.Number], trusts: true}
	l.trigger.mu.Unlock()
	if l.cell.Fault == point.Joined {
		p.join(ctx)
		return
	}
	for b := range p.Chunks {
		if p.piecemeal(ctx, b) != nil || ctx.Err() != nil {
			return
		}
	}
}

// piecemeal writes a chunk in the pieces of the fault.
func (p *pacer) piecemeal(ctx context.Context, b []byte) error {
	next := p.conn.portion(b)
	if p.cell.Fault == point.Bytes {
		p.conn.passes(b, max(0, next.reply), next.begun)
		return p.single(ctx, b, next.reply)
	}
	p.conn.passes(b, next.at, next.met)
	if !next.met {
		return p.write(b)
	}
	if err := p.write(b[:next.at]); err != nil {
		return err
	}
	if p.cell.Fault == point.Pause {
		p.rest(ctx, p.limits.Pause)
	} else if !p.awaitTaken(ctx) {
		p.rest(ctx, p.limits.Stall)
	}
	return p.write(b[next.at:])
}

// single writes what is of the reply one byte at a time.
func (p *pacer) single(ctx context.Context, b []byte, reply int) error {
	if reply < 0 {
		return p.write(b)
	}
	if err := p.write(b[:reply]); err != nil {
		return err
	}
	for i := reply; i < len(b); i++ {
		if p.alone == mostAlone {
			return p.write(b[i:])
		}
		p.alone++
		if err := p.write(b[i : i+1]); err != nil {
			return err
		}
		p.trusts = p.trusts && p.awaitTaken(ctx)
	}
	return nil
}

// join holds the reply back until the place is there. Where nothing comes for a
// while, all that has come passes: more may have to be asked for.
func (p *pacer) join(ctx context.Context) {
	idle := time.NewTimer(0)
	defer idle.Stop()
	var held []byte
	over := false // the reply did not wait for its place
	for {
		select {
		case b, more := <-p.Chunks:
			if !more {
				p.write(held) // it fails where the client is gone
				return
			}
			next := p.conn.portion(b)
			over = over && !next.begun
			p.conn.passes(b, next.at, next.met && !over)
			held = append(held, b...)
			idle.Reset(p.limits.Stall)
			if next.reply >= 0 && !next.met && !over {
				continue
			}
			over = true
		case <-idle.C:
			over = over || len(held) > 0
		case <-ctx.Done():
			return
		}
		if p.write(held) != nil {
			return
		}
		held = nil
	}
}

func (p *pacer) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	p.conn.touch()
	return p.Write(b)
}

// awaitTaken waits until the client has read all that has come, and says whether
// it has. With TLS what is written is a record, which is read as one.
func (p *pacer) awaitTaken(ctx context.Context) (taken bool) {
	if p.subject.TLS != nil {
		return true
	}
	if !tellsUnread {
		return false
	}
	bounded, cancel := p.clock.within(ctx, p.limits.Stall)
	defer cancel()
	p.poll(bounded, func() bool {
		left, there := unread(p.Client, p.Proxy)
		taken = there && left == 0
		return taken || !there
	})
	return taken
}

// rest waits for a while, or until nothing passes any more.
func (p *pacer) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
