package kernel_test

import (
	"net"
	"os"
	"testing"

	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// Without owners a refusal is as much one event at each end, in the state in which
// it was; the error that it makes is none of its own.
func TestWithoutOwners(t *testing.T) {
	tracer := open(t, kernel.Options{WithoutOwners: true})
	got := records(t, tracer, refuse(t))
	if len(got) != 2 || got[0].Kind != kernel.Sent || got[1].Kind != kernel.Received || got[1].Was != 2 || got[1].Owner != 0 {
		t.Errorf("got %+v, want one that was sent and one that was received in SYN-SENT", got)
	}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	got = records(t, tracer, uint16(l.Addr().(*net.TCPAddr).Port))
	if len(got) != 2 || got[0].Was != 1 || got[1].Was != 1 {
		t.Errorf("got %+v, want two in ESTABLISHED", got)
	}
}

// What is kept of a socket does not depend on whether its place is another one's,
// which is open.
func TestOwnersOfMoreSocketsThanPlaces(t *testing.T) {
	for name, options := range map[string]kernel.Options{"a place each": {}, "one place": kernel.Options{}.OnePlace()} {
		t.Run(name, func(t *testing.T) {
			tracer := open(t, options)
			l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var clients []net.Conn
			for range 3 {
				client, err := net.Dial("tcp4", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				clients = append(clients, client)
				accepted, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer accepted.Close()
			}
			for _, client := range clients {
				client.(*net.TCPConn).SetLinger(0)
				client.Close()
			}
			got := records(t, tracer, uint16(l.Addr().(*net.TCPAddr).Port))
			if len(got) != 2*len(clients) {
				t.Fatalf("got %+v, want two of each connection", got)
			}
			for _, r := range got {
				how, role := uint8(kernel.OwnerConnected), uint8(1)
				if r.Kind == kernel.Received {
					how, role = kernel.OwnerListened, 2
				}
				if r.Was != 1 || r.Since == 0 || int(r.Owner) != os.Getpid() || r.How != how || r.Role != role {
					t.Errorf("got %+v, want ESTABLISHED, owner %d known by %d, role %d", r, os.Getpid(), how, role)
				}
			}
		})
	}
}

// The iterator finds the sockets of this process.
func TestHolders(t *testing.T) {
	tracer := open(t, kernel.Options{})
	plain := net.ListenConfig{}
	plain.SetMultipathTCP(false)
	l, err := plain.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	count := func() (ours int) {
		if err := tracer.Holders(func(h *kernel.Holder) {
			if int(h.Process) == os.Getpid() {
				ours++
			}
		}); err != nil {
			t.Fatal(err)
		}
		return ours
	}
	before := count()
	another, err := plain.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	if after := count(); before < 1 || after != before+1 {
		t.Errorf("%d sockets, and with another one %d", before, after)
	}
}
