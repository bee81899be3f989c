package record_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// A path is a client and a server with a router between, and a connection on
// which a byte has passed.
type path struct {
	router, server *netlab.Host
	conn, far      *lab.Conn
	data           netlab.Segment // that byte, as the router saw it
	ctx            context.Context
}

// through runs act on a path until the client is reset. Only the hosts watched
// are in the lab; the others are there, and leave no evidence.
func through(act func(*testing.T, *path), watched ...string) func(*testing.T, *lab.Lab) {
	return func(t *testing.T, l *lab.Lab) {
		elsewhere := lab.New()
		hosts, stacks := map[string]*lab.Host{}, map[string]*netlab.Host{}
		n, err := netlab.New()
		if errors.Is(err, netlab.ErrUnavailable) {
			t.Skip(err)
		}
		done(t, err)
		l.Own(n)
		l.Own(elsewhere)
		for _, name := range []string{"client", "router", "server"} {
			stacks[name], err = n.Host(name)
			done(t, err)
			in := elsewhere
			if slices.Contains(watched, name) {
				in = l
			}
			hosts[name], err = in.AddHost(name, stacks[name])
			done(t, err)
		}
		_, _, err = n.Route(stacks["client"], stacks["router"], stacks["server"])
		done(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		p := &path{router: stacks["router"], server: stacks["server"], ctx: ctx}
		p.connect(t, hosts)
		act(t, p)
		done(t, p.conn.AwaitReset(ctx))
		done(t, errors.Join(p.conn.Close(), p.far.Close()))
	}
}

func (p *path) connect(t *testing.T, hosts map[string]*lab.Host) {
	t.Helper()
	tap, err := p.router.Tap()
	done(t, err)
	defer tap.Close()
	listener, err := hosts["server"].Listen(p.ctx)
	done(t, err)
	defer listener.Close()
	p.conn, err = hosts["client"].Dial(p.ctx, listener.Addr())
	done(t, err)
	p.far, err = listener.Accept(p.ctx)
	done(t, err)
	write(t, p.conn, "a")
	readByte(p.far)
	p.data, err = tap.Await(p.ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
	done(t, err)
	_, err = tap.Await(p.ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == p.data.Next() })
	done(t, err)
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// forged is a RST to the client in the server's name, in the shape that the
// server's own would have, but for what is given.
func (p *path) forged(s netlab.Segment) netlab.Segment {
	s.Source, s.Destination, s.Seq = p.data.Destination, p.data.Source, p.data.Ack
	if s.Flags == 0 {
		s.Flags, s.Ack, s.Window = netlab.RST|netlab.ACK, p.data.Next(), 64
	}
	return s
}

func abortIt(_ *testing.T, p *path) { p.far.Abort() }

func reject(at func(*path) *netlab.Host, hook netlab.Hook) func(*testing.T, *path) {
	return func(t *testing.T, p *path) {
		_, err := at(p).Block(netlab.Rule{Hook: hook, Verdict: netlab.RejectReset})
		done(t, err)
		write(t, p.conn, "b")
	}
}

func forgeIt(at func(*path) *netlab.Host, s netlab.Segment) func(*testing.T, *path) {
	return func(t *testing.T, p *path) { done(t, at(p).Forge(p.forged(s))) }
}

func routerOf(p *path) *netlab.Host { return p.router }
func serverOf(p *path) *netlab.Host { return p.server }

var (
	everybody  = []string{"client", "router", "server"}
	everything = []evidence.Lane{evidence.Wire, evidence.Counters, evidence.Kernel}
	counted3   = []evidence.Lane{evidence.Wire, evidence.Counters}
	wireOnly   = []evidence.Lane{evidence.Wire}
	// A shape that is no Linux's, with the TTL of what comes from the server.
	odd = netlab.Segment{Flags: netlab.RST, TTL: 63, ID: 0x7777}
	// The server's own but for its TTL, which is that of the router.
	near = netlab.Segment{TTL: 64, ID: 0x1234}
	// The server's own, exactly.
	perfect = netlab.Segment{TTL: 63, ID: 0x1234}
)

// Each clue decides a run that without it looks like another.
func TestWhoSentItOfSeveralHosts(t *testing.T) {
	for _, test := range []struct {
		name    string
		act     func(*testing.T, *path)
		lanes   []evidence.Lane
		watched []string
		sender  evidence.Sender
		host    string
		origin  string
		clue    string
	}{
		{"the server aborts", abortIt, everything, everybody,
			evidence.Application, "server", "", "skbaddr is 0"},
		{"the server aborts, inferred", abortIt, counted3, everybody,
			evidence.Application, "server", "", "a socket's own RST"},
		{"the router rejects", reject(routerOf, netlab.Forward), everything, everybody,
			evidence.Between, "", "router", "no tcp_send_reset"},
		{"the router rejects, inferred", reject(routerOf, netlab.Forward), counted3, everybody,
			evidence.Between, "", "router", "OutRsts did not move"},
		{"the router rejects, by where it was first seen", reject(routerOf, netlab.Forward), wireOnly, everybody,
			evidence.Between, "", "router", "it left router and had not come there"},
		{"the router forges perfectly, by where it was first seen", forgeIt(routerOf, perfect), wireOnly, everybody,
			evidence.Between, "", "router", "it left router and had not come there"},
		{"somebody between two captures forges", forgeIt(routerOf, perfect), wireOnly, []string{"client", "server"},
			evidence.Between, "", "server client", "it came to client and had not left server"},
		{"the server's host forges", forgeIt(serverOf, netlab.Segment{TTL: 64, ID: 9}), everything, everybody,
			evidence.Between, "", "server", "no tcp_send_reset"},
		{"the server's host forges, by its counter", forgeIt(serverOf, netlab.Segment{TTL: 64, ID: 9}), counted3,
			everybody, evidence.Between, "", "server", "OutRsts did not move"},
		{"the server's host forges, and there is no counter", forgeIt(serverOf, netlab.Segment{TTL: 64, ID: 9}),
			wireOnly, everybody, evidence.Application, "server", "", "a socket's own RST"},
		{"the server's firewall rejects", reject(serverOf, netlab.Input), counted3, everybody,
			evidence.Between, "", "server", "OutRsts did not move"},
		{"a forger is betrayed by the TTL", forgeIt(routerOf, near), counted3, []string{"client"},
			evidence.Between, "", "", "its TTL is 64"},
		{"a forger is betrayed by the shape", forgeIt(routerOf, odd), counted3, []string{"client"},
			evidence.Between, "", "", "no Linux sends a RST of this shape: RST, window 0, IP id 30583"},
		{"a perfect forger is not betrayed at the client", forgeIt(routerOf, perfect), counted3, []string{"client"},
			evidence.Application, "server", "", "a socket's own RST"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lanes := open(t, test.lanes...)
			needs(t, lanes, test.lanes[len(test.lanes)-1])
			r := recordRun(t, lanes, lanes.Address(), through(test.act, test.watched...))
			i := slices.IndexFunc(r.Resets, func(reset evidence.Reset) bool {
				return reset.Event >= 0 && r.Events[reset.Event].Packet.To == "client"
			})
			if i < 0 {
				t.Fatalf("no reset went to the client:\n%v", r)
			}
			got := &r.Resets[i]
			if got.Sender != test.sender || got.Host != test.host || strings.Join(got.Origin, " ") != test.origin {
				t.Errorf("sent by %s at %q, from %v, want %s at %q, from %q:\n%v", got.Sender, got.Host, got.Origin,
					test.sender, test.host, test.origin, r)
			}
			if !strings.Contains(got.Clue, test.clue) {
				t.Errorf("the clue is %q, want %q in it", got.Clue, test.clue)
			}
		})
	}
}
