package watch

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A traceSource reads the tracepoints as text. They tell of a socket no more
// than its address; whose it is, is who was at hand when its state changed.
type traceSource struct {
	lanes  *capture.Lanes
	stream *capture.Stream[capture.KernelEvent]
	known  map[[2]netip.AddrPort]*traced
	order  [][2]netip.AddrPort // of known, the oldest first
	seen   uint64
	ends   uint64 // how many have been known
}

// mostTraced bounds how many connections are known at a time.
const mostTraced = 1 << 15

// A traced is what is known of one end.
type traced struct {
	number uint64 // from 1
	was    tcp.State
	role   Role
	owner  Owner
	since  time.Time
}

func openTracefs(o Options) (source, error) {
	if len(o.Filter.Netns) > 0 || len(o.Filter.Containers) > 0 {
		return nil, errors.New("it tells neither network namespaces nor containers, for which is asked")
	}
	lanes := capture.Open(evidence.Kernel)
	stream, err := lanes.KernelEvents(nil)
	if err != nil {
		return nil, errors.Join(err, lanes.Close())
	}
	return &traceSource{lanes: lanes, stream: stream, known: map[[2]netip.AddrPort]*traced{}}, nil
}

func (s *traceSource) lacks() []string {
	return []string{"tracefs does not tell what was unread, of which call or signal a connection died, nor of errors without " +
		"a RST: the source ebpf does (Linux 5.12 with BTF, CAP_BPF and CAP_PERFMON)"}
}

func (s *traceSource) folding(uint16) bool { return false }

func (s *traceSource) holders(func(uint64, Process)) (bool, error) { return false, nil }

func (s *traceSource) counts() (seen, lost uint64) { return s.seen, s.stream.Status().Lost }

func (s *traceSource) close() error {
	_, _, err := s.stream.Close()
	return errors.Join(err, s.lanes.Close())
}

func (s *traceSource) read(ctx context.Context, until time.Time, each func(Event)) error {
	bounded, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for {
		traces, err := s.stream.Next(bounded)
		s.take(traces, each)
		switch {
		case bounded.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

func (s *traceSource) finish(each func(Event)) error {
	rest, _, err := s.stream.Close()
	s.take(rest, each)
	return err
}

func (s *traceSource) take(traces []capture.KernelEvent, each func(Event)) {
	for i := range traces {
		if traces[i].Name == evidence.StateChanged {
			s.note(&traces[i])
			continue
		}
		s.seen++
		each(s.event(&traces[i]))
	}
}

// note notes who changed the state of an end.
func (s *traceSource) note(k *capture.KernelEvent) {
	key := [2]netip.AddrPort{k.Local, k.Remote}
	t := s.known[key]
	if t == nil {
		if len(s.order) == mostTraced {
			delete(s.known, s.order[0])
			s.order = s.order[1:]
		}
		s.ends++
		t = &traced{number: s.ends}
		s.known[key], s.order = t, append(s.order, key)
	}
	t.was = k.To
	if k.To == tcp.StateClosed {
		t.was = k.From
	}
	process := parseProcess(k.Process)
	switch k.To {
	case tcp.StateSynSent:
		*t = traced{number: t.number, was: k.To, role: Client, owner: Owner{Process: process, How: Connected}}
	case tcp.StateEstablished:
		t.since = k.At
		if t.role == "" {
			t.role = Server
		}
	case tcp.StateFinWait1, tcp.StateLastAck:
		t.owner = Owner{Process: process, How: Closed}
	}
}

// event says in this package's words what a trace says.
func (s *traceSource) event(k *capture.KernelEvent) Event {
	e := Event{
		Time: k.At, Kind: Received, Local: k.Local, Remote: k.Remote, Reason: tcp.Reason(k.Reason), Passive: k.Passive,
		AtHand: parseProcess(k.Process), Idle: -1, Age: -1,
	}
	if k.Name == evidence.ResetSent {
		e.Kind = Sent
	}
	if t := s.known[[2]netip.AddrPort{k.Local, k.Remote}]; t != nil {
		e.Was, e.role, e.Owner, e.cookie = t.was, t.role, t.owner, t.number
		if !t.since.IsZero() {
			e.Age = max(0, k.At.Sub(t.since))
		}
	}
	if e.Kind == Sent && !e.Passive && acting(e.Reason) {
		e.Owner = Owner{Process: e.AtHand, How: AtHand}
	}
	return e
}

// acting says whether a socket's own RST with that reason is surely the doing of
// the process at hand: a timer's is not, and TCP_STATE is what ss -K has, too.
func acting(reason tcp.Reason) bool {
	return reason == "TCP_ABORT_ON_CLOSE" || reason == "TCP_ABORT_ON_LINGER" || reason == "TCP_DISCONNECT_WITH_DATA"
}

// parseProcess reads comm-pid.
func parseProcess(text string) Process {
	at := strings.LastIndexByte(text, '-')
	pid, err := strconv.Atoi(text[at+1:])
	if at < 0 || err != nil {
		return Process{}
	}
	return Process{PID: pid, Name: text[:at]}
}
