package wire_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/audits/wire"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// recordings are conversations of real clients with real servers: a query that
// reads, one that writes, and a transaction; of gRPC, two calls.
var recordings = map[string][]point.Protocol{
	"pgx":            {wire.Postgres(), wire.PostgresCommit()},
	"pq":             {wire.Postgres(), wire.PostgresCommit()},
	"mysql":          {wire.MySQL(), wire.MySQLCommit()},
	"mysql-prepared": {wire.MySQL(), wire.MySQLCommit()},
	"grpc":           {wire.GRPC()},
}

// A turn is what one end says before the other does.
type turn struct {
	toward harness.End
	text   string
}

// recorded reads a recording: in each line, toward whom, and what.
func recorded(t testing.TB, name string) (turns []turn) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		toward, quoted, _ := strings.Cut(strings.TrimSpace(line), " ")
		said, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %q: %v", name, line, err)
		}
		turns = append(turns, turn{harness.End(toward), said})
	}
	return turns
}

// A moment is one with its offset in its direction, and where the piece began
// in which it was told.
type moment struct {
	place        string
	toward       harness.End
	exchange     int
	offset, from int
}

func (m moment) String() string {
	return fmt.Sprintf("%s %s %d #%d", m.place, m.toward, m.offset, m.exchange)
}

// met shows turns to a new watcher in pieces of at most n bytes.
func met(t testing.TB, p point.Protocol, turns []turn, n int) (moments []moment, watcher point.Watcher) {
	t.Helper()
	watcher = p.Watch()
	passed := map[harness.End]int{}
	for _, turn := range turns {
		for piece := range slices.Chunk([]byte(turn.text), n) {
			piece = slices.Clone(piece)
			from, last := passed[turn.toward], 0
			for _, m := range watcher.See(turn.toward, piece) {
				if m.At < last || m.At > len(piece) || m.Exchange < 0 {
					t.Fatalf("%+v in %q behind one at %d", m, piece, last)
				}
				watcher.Request(m.Exchange)
				if last = m.At; m.Place != "" {
					moments = append(moments, moment{m.Place, turn.toward, m.Exchange, from + m.At, from})
				}
			}
			clear(piece) // a watcher must not keep it
			passed[turn.toward] += len(piece)
		}
	}
	return moments, watcher
}

// longest is more than any turn has.
const longest = 1 << 16

// A split may show what a message is only when its first bytes have passed:
// then a moment before it is at the beginning of the piece that shows it. No
// moment may be lost, or come at another message.
func TestSplits(t *testing.T) {
	const head = 9 + 1 // of a frame of HTTP/2, and the first byte of a body
	for name, protocols := range recordings {
		turns := recorded(t, name)
		for _, p := range protocols {
			whole, _ := met(t, p, turns, longest)
			for n := 1; n < 300; n++ {
				split, _ := met(t, p, turns, n)
				if len(split) != len(whole) {
					t.Fatalf("%s in pieces of %d bytes has the moments\n%v\nand not\n%v", name, n, split, whole)
				}
				for i, m := range split {
					want := whole[i]
					late := m.offset == m.from && m.offset > want.offset && m.offset < want.offset+head
					clipped := m.place == "P8" && m.offset == want.offset-1
					if m.place != want.place || m.toward != want.toward || m.exchange != want.exchange ||
						m.offset != want.offset && !late && !clipped {
						t.Fatalf("%s in pieces of %d bytes has the moment %v in place of %v", name, n, m, want)
					}
				}
			}
		}
	}
}

// Every place is met, but for those struck by the clock or before the first byte.
func TestPlaces(t *testing.T) {
	for name, protocols := range recordings {
		turns := recorded(t, name)
		moments, watcher := met(t, protocols[0], turns, longest)
		for _, place := range slices.Concat(protocols[0].Places(), protocols[len(protocols)-1].Places()) {
			isMet := slices.ContainsFunc(moments, func(m moment) bool { return m.place == place.ID })
			if isMet == (place.Idle || place.ID == "P0") {
				t.Errorf("%s: %s is met: %t", name, place.ID, isMet)
			}
		}
		if last := moments[len(moments)-1]; last.place != "P11" {
			t.Errorf("%s: %v: what a client says when it leaves is no request", name, last)
		}
		for _, id := range []string{"id-1", "id-2"} {
			with := 0
			for exchange := range 20 {
				if strings.Contains(string(watcher.Request(exchange)), id) {
					with++
				}
			}
			if with != 1 {
				t.Errorf("%s: %s is in %d requests", name, id, with)
			}
		}
	}
}

// The server of gRPC may be the first to speak.
func TestGRPCServerFirst(t *testing.T) {
	turns := recorded(t, "grpc")
	moments, _ := met(t, wire.GRPC(), []turn{turns[1], turns[0]}, longest)
	if got, want := fmt.Sprint(moments), "[P1 client 0 #0 P3 client 0 #0]"; got != want {
		t.Errorf("the moments are %s, want %s", got, want)
	}
}

func FuzzPostgres(f *testing.F) { fuzz(f, wire.Postgres(), "pgx", "pq") }
func FuzzMySQL(f *testing.F)    { fuzz(f, wire.MySQL(), "mysql", "mysql-prepared") }
func FuzzGRPC(f *testing.F)     { fuzz(f, wire.GRPC(), "grpc") }

// fuzz shows a watcher what the two ends say in turn, in pieces: it must not
// panic, and its moments must be in the pieces and in order.
func fuzz(f *testing.F, p point.Protocol, names ...string) {
	for _, name := range names {
		said := map[harness.End][]byte{}
		for _, turn := range recorded(f, name) {
			said[turn.toward] = append(said[turn.toward], turn.text...)
		}
		f.Add(said[harness.Server], said[harness.Client], uint16(200), uint8(0))
		f.Add(said[harness.Server], said[harness.Client], uint16(100), uint8(3))
	}
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, length uint16, n uint8) {
		var turns []turn
		for len(toServer)+len(toClient) > 0 {
			server, client := min(len(toServer), int(length)+1), min(len(toClient), int(length)+1)
			turns = append(turns, turn{harness.Server, string(toServer[:server])},
				turn{harness.Client, string(toClient[:client])})
			toServer, toClient = toServer[server:], toClient[client:]
		}
		met(t, p, turns, int(n)+1)
	})
}
