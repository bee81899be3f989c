package diagnose_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

var recordScenes = flag.String("record-scenes", "", "record the scenes between two hosts to this file")

// A scene is a connection that a device between its ends resets, which no script
// of testdata/twins.try can express.
type scene struct {
	name string // begins with its cause
	twin string // what looks the same
	play func(*stage)
}

// A stage is where a scene plays: two hosts with kernels of their own, a router
// between them, and a connection.
type stage struct {
	*testing.T
	lab                          *lab.Lab
	ctx                          context.Context // bounds every wait
	client, router, server       *netlab.Host
	clientTap, routerTap, farTap *netlab.Tap
	near, far                    *lab.Conn      // the client's end, if a kernel has it, and the server's
	shaken                       netlab.Segment // the ACK that completed the handshake
}

// TestScenes plays the scenes: the RSTs in the name of an end leave the router,
// and no kernel sent them.
func TestScenes(t *testing.T) {
	lanes := capture.Open()
	defer lanes.Close()
	for _, missing := range lanes.Missing() {
		if missing.Lane == evidence.Kernel {
			skip(t, fmt.Errorf("only the kernel says that it sent none: %s", missing.Why))
		}
	}
	var recordings []*evidence.Recording
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) { recordings = append(recordings, playScene(t, lanes, s)) })
	}
	if *recordScenes == "" || t.Failed() {
		return
	}
	file, err := os.Create(*recordScenes)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recordings {
		err = errors.Join(err, r.Write(file))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// playScene records a scene.
func playScene(t *testing.T, lanes *capture.Lanes, s scene) *evidence.Recording {
	l, err := lab.NewAt(lanes.Address())
	must(t, err)
	defer l.Close()
	recorder, err := record.Start(l, s.name+": "+s.twin, record.Options{Lanes: lanes})
	must(t, err)
	defer recorder.Stop()
	set := setStage(t, l)
	s.play(set)
	if set.near != nil {
		must(t, set.near.Close())
	}
	must(t, errors.Join(set.far.Close(), l.Close()))
	r, err := recorder.Stop()
	must(t, err)
	fromRouter(t, r)
	return r
}

// setStage starts the hosts. It skips the test where there are no private
// networks.
func setStage(t *testing.T, l *lab.Lab) *stage {
	client, router, server, err := netlab.Triple(l)
	if err == nil {
		err = router.Require(netlab.Firewall, netlab.Rejection, netlab.TUN)
	}
	if errors.Is(err, netlab.ErrUnavailable) {
		skip(t, err)
	}
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	s := &stage{T: t, lab: l, ctx: ctx, client: client, router: router, server: server}
	s.clientTap, s.routerTap, s.farTap = s.tap(client), s.tap(router), s.tap(server)
	return s
}

// connect connects the client to the server.
func (s *stage) connect() {
	s.Helper()
	listener := s.listen()
	defer listener.Close()
	var err error
	s.near, err = s.lab.Host("client").Dial(s.ctx, listener.Addr())
	s.must(err)
	s.Cleanup(func() { s.near.Close() })
	s.accept(listener)
	s.shaken = s.passes(func(p netlab.Segment) bool { return p.Flags == netlab.ACK })
}

// listen has the server listen.
func (s *stage) listen() *lab.Listener {
	s.Helper()
	listener, err := s.lab.Host("server").Listen(s.ctx)
	s.must(err)
	return listener
}

// accept has the server accept the connection.
func (s *stage) accept(listener *lab.Listener) {
	s.Helper()
	var err error
	s.far, err = listener.Accept(s.ctx)
	s.must(err)
	s.Cleanup(func() { s.far.Close() })
}

// skip skips a test, or fails it if RESETLAB_STRICT=1 forbids skipping.
func skip(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must ends the scene at an error.
func (s *stage) must(err error) {
	s.Helper()
	must(s.T, err)
}

func (s *stage) tap(h *netlab.Host) *netlab.Tap {
	tap, err := h.Tap()
	s.must(err)
	s.Cleanup(func() { tap.Close() })
	return tap
}

// passes waits for a segment that comes to the router.
func (s *stage) passes(match func(netlab.Segment) bool) netlab.Segment {
	s.Helper()
	p, err := s.routerTap.Await(s.ctx, func(p netlab.Segment) bool { return !p.Outgoing && match(p) })
	s.must(err)
	return p
}

// write writes at an end.
func (s *stage) write(c *lab.Conn, text string) {
	s.Helper()
	_, err := c.Write([]byte(text))
	s.must(err)
}

// reads reads that text at an end.
func (s *stage) reads(c *lab.Conn, text string) {
	s.Helper()
	got := make([]byte, len(text))
	for n := 0; n < len(got); {
		more, err := c.Read(got[n:])
		s.must(err)
		n += more
	}
	if string(got) != text {
		s.Fatalf("read %q, want %q", got, text)
	}
}

// request has the client send the server a text, and returns the segment when
// the router has seen its acknowledgement.
func (s *stage) request(text string) netlab.Segment {
	s.Helper()
	s.write(s.near, text)
	s.reads(s.far, text)
	data := s.passes(func(p netlab.Segment) bool { return string(p.Payload) == text })
	s.passes(func(p netlab.Segment) bool { return p.Source == data.Destination && p.Ack == data.Next() })
	return data
}

// block puts a rule into a host's firewall.
func (s *stage) block(h *netlab.Host, rule netlab.Rule) *netlab.Block {
	s.Helper()
	b, err := h.Block(rule)
	s.must(err)
	return b
}

// send sends a segment from the router, and waits until it has come to its end.
func (s *stage) send(p netlab.Segment) {
	s.Helper()
	s.must(s.router.Forge(p))
	tap := s.farTap
	if p.Destination == s.shaken.Source {
		tap = s.clientTap
	}
	_, err := tap.Await(s.ctx, func(got netlab.Segment) bool {
		return !got.Outgoing && got.Flags == p.Flags && got.Seq == p.Seq && got.TTL == p.TTL
	})
	s.must(err)
}

// finish closes both ends in turn.
func (s *stage) finish(first, second *lab.Conn) {
	s.Helper()
	s.must(first.CloseWrite())
	s.must(second.AwaitFinish(s.ctx))
	s.must(second.Close())
	s.must(first.AwaitFinish(s.ctx))
	s.must(first.Close())
}
