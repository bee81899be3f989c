package protocols_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

const hello = "*2\r\n$5\r\nhello\r\n$1\r\n3\r\n"

const getID = "*2\r\n$3\r\nGET\r\n$4\r\nid-1\r\n"

func TestRESP(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []turn
		want  []string
	}{
		{"a bulk reply", conversation(getID, "$5\r\nhello\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P5.body server 19 #1", "P6 server 22 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P14 client 1 #1", "P8.line client 2 #1", "P9 client 4 #1",
			"P10.bulk client 6 #1", "P11 client 11 #1",
		}},
		{"an inline command", conversation("PING\r\n", "+PONG\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 5 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P14 client 1 #1", "P8.line client 2 #1", "P11 client 7 #1",
		}},
		{"a greeting, and a second command", conversation(hello, "%1\r\n+proto\r\n:3\r\n", getID, "$-1\r\n", getID, "_\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 21 #1", "P3 client 0 #0",
			"P5 server 23 #2", "P5.body server 41 #2", "P6 server 44 #2",
			"P7 client 16 #2", "P8 client 17 #2", "P14 client 17 #2", "P8.line client 18 #2", "P11 client 21 #2",
			"P4.race server 45 #3", "P5 server 46 #3", "P5.body server 64 #3", "P6 server 67 #3",
			"P7 client 21 #3", "P7.pooled client 21 #3", "P8 client 22 #3", "P14 client 22 #3", "P8.line client 23 #3", "P11 client 24 #3",
		}},
		{"an array", conversation("LRANGE\n", "*2\r\n$1\r\na\r\n*1\r\n$2\r\nbb\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 6 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P14 client 1 #1", "P8.line client 2 #1", "P9 client 8 #1",
			"P10.array client 11 #1", "P11 client 23 #1",
		}},
		{"a pipeline", conversation("A\r\nB\r\n", "+x\r\n-y\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 2 #1", "P5 server 4 #2", "P6 server 5 #2",
			"P7 client 0 #1", "P8 client 1 #1", "P14 client 1 #1", "P8.line client 2 #1", "P11 client 4 #1",
			"P12 client 4 #2", "P7 client 4 #2", "P7.pooled client 4 #2", "P8 client 5 #2", "P14 client 5 #2", "P8.line client 6 #2",
			"P11 client 8 #2",
		}},
		{"EXEC", conversation("exec\n", ">1\r\n:1\r\n|1\r\n:1\r\n:2\r\n*0\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 4 #1",
			"P7 client 20 #1", "P13 client 20 #1", "P8 client 21 #1", "P14 client 21 #1", "P8.line client 22 #1", "P11 client 24 #1",
		}},
		{"a subscription", conversation("SUBSCRIBE x\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n", getID), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P6 server 12 #1",
		}},
		{"no RESP", conversation(getID, "HTTP/1.1 200 OK\r\n"), []string{
			"P1 server 0 #0", "P5 server 1 #1", "P5.body server 19 #1", "P6 server 22 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P14 client 1 #1", "P8.line client 2 #1",
		}},
		{"nobody asked", conversation("", "+OK\r\n"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inAnyPieces(t, protocols.RESP(), c.turns)
			if !slices.Equal(got, c.want) {
				t.Errorf("the moments are\n%s\nand not\n%s", lines(got), lines(c.want))
			}
			known(t, protocols.RESP(), got)
		})
	}
}

// TestRESPShowsTransactions to those who look for what EXEC executes.
func TestRESPShowsTransactions(t *testing.T) {
	const transaction = "MULTI\r\nINCR id-1\r\nEXEC\r\n"
	for n := 1; n <= len(transaction); n++ {
		w := protocols.RESP().Watch()
		for piece := range slices.Chunk([]byte(transaction), n) {
			w.See(harness.Server, slices.Clone(piece))
		}
		for exchange, want := range map[int]string{1: "MULTI\r\n", 2: "", 3: transaction, 4: ""} {
			if got := w.Request(exchange); got == nil || !bytes.Equal(got, []byte(want)) {
				t.Fatalf("in pieces of %d: command %d is %q, want %q", n, exchange, got, want)
			}
		}
	}
}

func TestRESPIsBounded(t *testing.T) {
	w := protocols.RESP().Watch()
	w.See(harness.Server, []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000\r\n"))
	w.See(harness.Server, make([]byte, 200002))
	if got := len(w.Request(1)); got != 64<<10 {
		t.Errorf("%d bytes of a command are kept", got)
	}
	if got := w.See(harness.Client, []byte(strings.Repeat("*1\r\n", 100)+":1\r\n")); len(got) == 0 || got[len(got)-1].Place == "P11" {
		t.Errorf("arrays in arrays give %v", got)
	}
}

func FuzzRESP(f *testing.F) {
	f.Add(hello+getID, "%1\r\n+proto\r\n:3\r\n$5\r\nhello\r\n", "MULTI\r\nEXEC\r\n", "+OK\r\n*0\r\n", uint8(1))
	f.Add("PING\n\n", "|1\r\n:1\r\n:2\r\n+x\r\n", "*-1\r\n", ">2\r\n,1.0\r\n#t\r\n", uint8(3))
	f.Fuzz(func(t *testing.T, a, b, c, d string, n uint8) {
		turns := conversation(a, b, c, d)
		whole, err := met(protocols.RESP(), turns, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		split, err := met(protocols.RESP(), turns, int(n)+1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(whole, split) {
			t.Fatalf("in pieces of %d bytes\n%s\nand not\n%s", int(n)+1, lines(split), lines(whole))
		}
	})
}
