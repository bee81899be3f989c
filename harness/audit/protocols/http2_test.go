package protocols_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// A speaker writes frames as one end of a connection does.
type speaker struct {
	*http2.Framer
	out    bytes.Buffer
	block  bytes.Buffer
	fields *hpack.Encoder
}

func newSpeaker() *speaker {
	s := &speaker{}
	s.Framer, s.fields = http2.NewFramer(&s.out, nil), hpack.NewEncoder(&s.block)
	return s
}

// headers writes name and value pairs as header fields.
func (s *speaker) headers(id uint32, end bool, pairs ...string) {
	s.block.Reset()
	for pair := range slices.Chunk(pairs, 2) {
		s.fields.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.block.Bytes(), EndStream: end, EndHeaders: true})
}

// said returns what was written since the last time.
func (s *speaker) said() string {
	defer s.out.Reset()
	return s.out.String()
}

// h2Conversation is a GET, and a POST whose reply has trailers.
func h2Conversation() []turn {
	client, server := newSpeaker(), newSpeaker()
	client.out.WriteString(http2.ClientPreface)
	client.WriteSettings()
	client.headers(1, true, ":method", "GET", ":path", "/read/id-1")
	server.WriteSettings()
	server.headers(1, false, ":status", "200", "a", "b")
	server.WriteData(1, false, []byte("0123456789"))
	server.WritePing(false, [8]byte{})
	server.WriteData(1, true, nil)
	turns := conversation(client.said(), server.said())
	client.headers(3, false, ":method", "POST", ":path", "/write/id-2")
	client.WriteData(3, true, []byte("body"))
	server.headers(3, false, ":status", "200")
	server.headers(3, true, "done", "yes")
	return append(turns, conversation(client.said(), server.said())...)
}

func places(moments []string) (list []string) {
	for _, m := range moments {
		place, _, _ := strings.Cut(m, " ")
		list = append(list, place)
	}
	return list
}

func TestHTTP2(t *testing.T) {
	turns := h2Conversation()
	whole, err := met(protocols.HTTP2(), turns, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"P1 server 0 #0", "P5 server 34 #1", "P6 server 51 #1",
		"P3 client 0 #0", "P7 client 9 #1", "P8 client 10 #1", "P8.frame client 14 #1", "P8.fields client 21 #1",
		"P9 client 24 #1", "P9.body client 34 #1", "P10.data client 38 #1", "P14 client 38 #1",
		"P10.frames client 60 #1", "P10.stream client 60 #1", "P11 client 69 #1",
		"P4.race server 52 #2", "P5 server 53 #2", "P5.head server 72 #2", "P5.body server 83 #2", "P6 server 84 #2",
		"P7 client 69 #2", "P7.pooled client 69 #2", "P8 client 70 #2", "P8.frame client 74 #2",
		"P9 client 79 #2", "P10.trailer client 92 #2", "P11 client 97 #2",
	}
	if !slices.Equal(whole, want) {
		t.Errorf("the moments are\n%s\nand not\n%s", lines(whole), lines(want))
	}
	known(t, protocols.HTTP2(), whole)
	for n := 1; n < 100; n++ {
		split, err := met(protocols.HTTP2(), turns, n)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(places(split), places(whole)) {
			t.Fatalf("in pieces of %d bytes the places are\n%s\nand not\n%s", n, places(split), places(whole))
		}
	}
}

func TestHTTP2ShowsRequests(t *testing.T) {
	w := protocols.HTTP2().Watch()
	turns := h2Conversation()
	w.See(harness.Server, []byte(turns[0].text))
	w.See(harness.Server, []byte(turns[2].text))
	for exchange, want := range map[int]string{
		1: ":method: GET\r\n:path: /read/id-1\r\n", 2: ":method: POST\r\n:path: /write/id-2\r\nbody", 3: "",
	} {
		if got := w.Request(exchange); got == nil || string(got) != want {
			t.Errorf("request %d is %q, want %q", exchange, got, want)
		}
	}
}

func TestHTTP2Cells(t *testing.T) {
	cells, err := audit.Matrix(audit.Subject{Protocol: protocols.HTTP2(), Pooled: true}, audit.Options{})
	if err != nil || len(cells) < 72 {
		t.Errorf("%d cells, %v", len(cells), err)
	}
}

func FuzzHTTP2(f *testing.F) {
	turns := h2Conversation()
	f.Add([]byte(turns[0].text), []byte(turns[1].text), []byte(turns[2].text), []byte(turns[3].text), uint8(5))
	f.Fuzz(func(t *testing.T, a, b, c, d []byte, n uint8) {
		turns := conversation(string(a), string(b), string(c), string(d))
		whole, err := met(protocols.HTTP2(), turns, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		split, err := met(protocols.HTTP2(), turns, int(n)+1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(places(whole), places(split)) {
			t.Fatalf("in pieces of %d bytes\n%s\nand not\n%s", int(n)+1, lines(split), lines(whole))
		}
	})
}
