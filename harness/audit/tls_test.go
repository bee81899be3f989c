package audit_test

import (
	"crypto/tls"
	"net"
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
)

// record is one of TLS, of a type, with some bytes.
func record(kind byte, size int) []byte {
	return append([]byte{kind, 3, 3, byte(size >> 8), byte(size)}, make([]byte, size)...)
}

func TestRecords(t *testing.T) {
	type moment struct {
		toward harness.End
		place  string
		at     int
	}
	const server, client = harness.Server, harness.Client
	for _, c := range []struct {
		name     string
		toServer [][]byte // after the first of these all of toClient comes
		toClient [][]byte
		want     []moment
	}{
		{"TLS 1.2", [][]byte{record(22, 300), record(22, 37), record(20, 1), record(22, 40), record(23, 99)},
			[][]byte{record(22, 80), record(22, 700), record(22, 4)},
			[]moment{{server, "P1", 0}, {server, "P2.client", 305}, {client, "P2.server", 85}, {server, "P2.finished", 398}}},
		{"TLS 1.3", [][]byte{record(22, 300), record(20, 1), record(23, 60), record(23, 99)},
			[][]byte{record(22, 80), record(20, 1), record(23, 700)},
			[]moment{{server, "P1", 0}, {server, "P2.client", 305}, {client, "P2.server", 85}, {server, "P2.finished", 376}}},
		{"a refusal", [][]byte{record(22, 300)}, [][]byte{record(21, 2)},
			[]moment{{server, "P1", 0}, {server, "P2.client", 305}}},
		{"empty records", [][]byte{record(22, 0), record(23, 0)}, [][]byte{record(22, 0)},
			[]moment{{server, "P1", 0}, {server, "P2.client", 5}, {client, "P2.server", 5}, {server, "P2.finished", 10}}},
	} {
		for n := 1; n < 500; n += 7 {
			watcher := audit.WatchRecords()
			passed := map[harness.End]int{}
			var got []moment
			show := func(toward harness.End, b []byte) {
				for piece := range slices.Chunk(b, n) {
					for _, m := range watcher.See(toward, piece) {
						got = append(got, moment{toward, m.Place, passed[toward] + m.At})
					}
					passed[toward] += len(piece)
				}
			}
			show(server, c.toServer[0])
			show(client, slices.Concat(c.toClient...))
			show(server, slices.Concat(c.toServer[1:]...))
			if !slices.Equal(got, c.want) {
				t.Fatalf("%s in pieces of %d: %v, want %v", c.name, n, got, c.want)
			}
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(slices.Concat(record(22, 3), record(20, 1), record(22, 9)), record(22, 4))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte) {
		watcher := audit.WatchRecords()
		for i := range max(len(toServer), len(toClient)) {
			for toward, b := range map[harness.End][]byte{harness.Server: toServer, harness.Client: toClient} {
				piece := b[min(i, len(b)):min(i+1, len(b))]
				for _, m := range watcher.See(toward, piece) {
					if m.At < 0 || m.At > len(piece) {
						t.Fatalf("%+v in %d bytes", m, len(piece))
					}
				}
			}
		}
	})
}

// TestAnAuthority issues certificates for what is dialled, a name or an address.
func TestAnAuthority(t *testing.T) {
	authority, err := audit.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		pool *tls.Config
		good bool
	}{
		{"an address", &tls.Config{RootCAs: authority.Pool()}, true},
		{"a name", &tls.Config{RootCAs: authority.Pool(), ServerName: "shop.example"}, true},
		{"no trust", &tls.Config{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			listener := tls.NewListener(listen(t), authority.Server("h2"))
			go func() {
				if conn, err := listener.Accept(); err == nil {
					conn.(*tls.Conn).Handshake()
					conn.Close()
				}
			}()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			config := c.pool.Clone()
			if config.ServerName == "" {
				config.ServerName = "127.0.0.1"
			}
			config.NextProtos = []string{"h2"}
			client := tls.Client(conn, config)
			if err := client.Handshake(); (err == nil) != c.good {
				t.Errorf("the handshake ends with %v", err)
			}
			if got := client.ConnectionState().NegotiatedProtocol; c.good && got != "h2" {
				t.Errorf("the protocol is %q", got)
			}
		})
	}
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}
