package protocols_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

const get = "GET /read/id HTTP/1.1\r\nHost: x\r\n\r\n"

const post = "POST /write/id HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"

func TestHTTP1(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []turn
		want  []string
	}{
		{"a reply with a length", conversation(get, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 19 #1", "P8.value client 34 #1",
			"P9 client 38 #1", "P9.body client 39 #1", "P10.length client 41 #1", "P14 client 41 #1", "P11 client 44 #1",
		}},
		{"a request with a body", conversation(post, "HTTP/1.1 204 No Content\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P5.head server 55 #1", "P5.body server 57 #1", "P6 server 58 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P11 client 27 #1",
		}},
		{"a chunked request", conversation("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P5.head server 55 #1", "P5.body server 60 #1", "P6 server 68 #1",
		}},
		{"a compressed reply", conversation(get, "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4\n\nzzzz"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 18 #1", "P8.value client 35 #1",
			"P9 client 58 #1", "P9.body client 59 #1", "P10.length client 60 #1", "P14 client 60 #1", "P10.gzip client 60 #1",
			"P11 client 62 #1",
		}},
		{"chunks and a trailer", conversation(get,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nabcd\r\nA\r\n0123456789\r\n0\r\nSum: 1\r\nB: 2\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 19 #1", "P8.value client 37 #1",
			"P9 client 47 #1", "P9.body client 55 #1", "P10.chunk client 56 #1", "P14 client 56 #1", "P10.chunks client 60 #1",
			"P10.last client 75 #1", "P10.trailer client 80 #1", "P11 client 94 #1",
		}},
		{"events", conversation(get,
			"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 19 #1", "P8.value client 32 #1",
			"P9 client 95 #1", "P9.body client 99 #1", "P10.chunks client 101 #1", "P10.stream client 101 #1",
			"P10.last client 107 #1", "P11 client 112 #1",
		}},
		{"until the connection ends", conversation(get, "HTTP/1.1 200 OK\r\nA:\r\n\r\n"+strings.Repeat("x", 100)), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1",
			"P9 client 23 #1", "P9.body client 24 #1", "P10.close client 87 #1",
		}},
		{"a second request", conversation(get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", get), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 29 #1", "P8.value client 44 #1",
			"P11 client 48 #1",
			"P4.race server 34 #2", "P5 server 35 #2", "P6 server 67 #2",
		}},
		{"two pipelined requests", conversation(get+get, strings.Repeat("HTTP/1.1 204 No Content\r\n\r\n", 2)), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1", "P4.race server 34 #2", "P5 server 35 #2", "P6 server 67 #2",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P11 client 27 #1",
			"P12 client 27 #2", "P7 client 27 #2", "P7.pooled client 27 #2", "P8 client 28 #2", "P8.status client 37 #2", "P11 client 54 #2",
		}},
		{"a reply to HEAD", conversation("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", get), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 27 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 19 #1", "P8.value client 34 #1",
			"P11 client 38 #1", "P4.race server 28 #2", "P5 server 29 #2", "P6 server 61 #2",
		}},
		{"an expected interim reply", conversation(
			"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
			"ab", "HTTP/1.1 204 No Content\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P5.head server 69 #1", "P5.body server 70 #1", "P6 server 70 #1",
			"P7 client 25 #1", "P8 client 26 #1", "P8.status client 35 #1", "P11 client 52 #1",
		}},
		{"an upgrade", conversation(get, "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", get), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1", "P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1",
		}},
		{"a reply without a request", conversation("", "HTTP/1.1 408 Request Timeout\r\n\r\n", get), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
		}},
		{"no HTTP", conversation("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), []string{"P1 server 0 #1", "P5 server 1 #1"}},
		{"a bad chunk", conversation(get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"), []string{
			"P1 server 0 #1", "P5 server 1 #1", "P6 server 33 #1",
			"P7 client 0 #1", "P8 client 1 #1", "P8.status client 10 #1", "P8.name client 19 #1", "P8.value client 37 #1",
			"P9 client 47 #1", "P9.body client 51 #1", "P10.chunk client 51 #1", "P14 client 51 #1",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := inAnyPieces(t, protocols.HTTP1(), c.turns)
			if !slices.Equal(got, c.want) {
				t.Errorf("the moments are\n%s\nand not\n%s", lines(got), lines(c.want))
			}
			known(t, protocols.HTTP1(), got)
		})
	}
}

func TestHTTP1ShowsRequests(t *testing.T) {
	w := protocols.HTTP1().Watch()
	for range 3 {
		w.See(harness.Server, []byte(post))
		w.See(harness.Client, []byte("HTTP/1.1 204 No Content\r\n\r\n"))
	}
	w.See(harness.Server, []byte(get+post[:57]))
	for exchange, want := range map[int]string{1: "", 3: post, 4: get, 5: post[:57], 6: ""} {
		got := w.Request(exchange)
		if got == nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("request %d is %q, want %q", exchange, got, want)
		}
	}
}

func TestHTTP1IsBounded(t *testing.T) {
	w := protocols.HTTP1().Watch()
	w.See(harness.Server, []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"))
	w.See(harness.Server, make([]byte, 200000))
	if got := len(w.Request(1)); got != 64<<10 {
		t.Errorf("%d bytes of a request are kept", got)
	}
	w.See(harness.Server, []byte("GET / HTTP/1.1\r\n"))
	field := []byte("A: " + strings.Repeat("x", 10_000) + "\r\n")
	for range 200 {
		w.See(harness.Server, field)
	}
	if got := w.See(harness.Server, []byte("\r\n")); len(got) != 0 {
		t.Errorf("a head of 2 MB ends in %v", got)
	}
}

// TestHTTP1Cells counts the cells with the default options.
func TestHTTP1Cells(t *testing.T) {
	cells, err := audit.Matrix(audit.Subject{Protocol: protocols.HTTP1(), Pooled: true}, audit.Options{})
	if err != nil || len(cells) < 72 {
		t.Errorf("%d cells, %v: want 72 at least", len(cells), err)
	}
	t.Logf("%d cells", len(cells))
}

func FuzzHTTP1(f *testing.F) {
	f.Add(post+get, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", get, "", uint8(3))
	f.Add(get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nabcd\r\n0\r\nA: 2\r\n\r\n", "", "", uint8(1))
	f.Add("HEAD / HTTP/1.1\nExpect: 100-continue\n\n", "HTTP/1.1 100 C\n\n", "x", "HTTP/1.0 200 OK\n\nabc", uint8(7))
	f.Fuzz(func(t *testing.T, a, b, c, d string, n uint8) {
		turns := conversation(a, b, c, d)
		whole, err := met(protocols.HTTP1(), turns, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		split, err := met(protocols.HTTP1(), turns, int(n)+1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(whole, split) {
			t.Fatalf("in pieces of %d bytes\n%s\nand not\n%s", int(n)+1, lines(split), lines(whole))
		}
	})
}

// BenchmarkHTTP1 watches a request and a reply of 4 KiB.
func BenchmarkHTTP1(b *testing.B) {
	request := []byte(get)
	reply := []byte("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("x", 4096))
	w := protocols.HTTP1().Watch()
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		w.See(harness.Server, request)
		w.See(harness.Client, reply)
	}
}
