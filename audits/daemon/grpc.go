package daemon

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A GRPC is a server of one unary method that counts its executions. It is of
// this process.
type GRPC struct {
	address string
	server  *grpc.Server

	mu       sync.Mutex
	executed map[string]int
	over     map[netip.Addr]int
	changed  chan struct{} // closed and renewed when a connection is over
}

// GRPCMethod takes an id and returns the text of its reply.
const GRPCMethod = "/resetlab.audits/Execute"

// StartGRPC starts the server on a free port of the loopback.
func StartGRPC() (*GRPC, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("port of a gRPC server: %w", err)
	}
	g := &GRPC{
		address: listener.Addr().String(), executed: map[string]int{}, over: map[netip.Addr]int{},
		changed: make(chan struct{}),
	}
	g.server = grpc.NewServer()
	g.server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "resetlab.audits", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Execute", Handler: execute}},
	}, g)
	go g.server.Serve(counted{listener, g.left}) // it returns when it is stopped
	return g, nil
}

// execute is the method, in the form of generated code.
func execute(g any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var id wrapperspb.StringValue
	if err := decode(&id); err != nil {
		return nil, err
	}
	return wrapperspb.String(g.(*GRPC).execute(id.Value)), nil
}

func (g *GRPC) execute(id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.executed[id]++
	return "done " + strings.Repeat(id+" ", 20)
}

// Addr returns the address of the server.
func (g *GRPC) Addr() string { return g.address }

// Reply returns the text of a reply.
func (g *GRPC) Reply(c audit.Call) []byte { return []byte("done " + strings.Repeat(c.ID+" ", 20)) }

// Account returns how often a call was executed.
func (g *GRPC) Account(_ context.Context, c audit.Call) (audit.Account, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return audit.Account{Executed: g.executed[c.ID]}, nil
}

// Settle waits until this many connections from the address are over.
func (g *GRPC) Settle(ctx context.Context, source netip.Addr, connections int) error {
	for {
		g.mu.Lock()
		over, changed := g.over[source], g.changed
		g.mu.Unlock()
		if over >= connections {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d connections are over: %w", over, connections, ctx.Err())
		}
	}
}

// Forget forgets an address.
func (g *GRPC) Forget(source netip.Addr, _ ...audit.Call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.over, source)
}

// Close ends the server.
func (g *GRPC) Close() error {
	g.server.Stop()
	return nil
}

// A counted listener notes the end of each connection: grpc.Server tells only of
// those that began with a preface.
type counted struct {
	net.Listener
	over func(netip.Addr)
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
	return &countedConn{conn, sync.OnceFunc(func() { c.over(from) })}, nil
}

type countedConn struct {
	net.Conn
	over func()
}

func (c *countedConn) Close() error {
	defer c.over()
	return c.Conn.Close()
}

// left notes the end of a connection.
func (g *GRPC) left(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over[from]++
	close(g.changed)
	g.changed = make(chan struct{})
}
