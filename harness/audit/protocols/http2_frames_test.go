package protocols_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// TestNoStreamEnds: every byte passes as it is.
func TestNoStreamEnds(t *testing.T) {
	for _, turns := range [][]turn{
		dialogue(), h2Conversation(),
		conversation("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
		{{harness.Client, "220 the server is first\r\n"}, {harness.Server, "QUIT\r\n"}, {harness.Client, "221\r\n"}},
		conversation(http2.ClientPreface+"\x00\x00\x01\x01\x04\x00\x00\x00\x01\xff", "and what follows"), // no field at all
		conversation(http2.ClientPreface + "\x00\x00\x09 and its end is missing"),
	} {
		for _, n := range []int{1, 5, 1 << 20} {
			p := ending(turns, n, never)
			if !bytes.Equal(p.server.Bytes(), whole(turns, harness.Server)) {
				t.Errorf("the server gets %q", p.server.Bytes())
			}
			if !bytes.Equal(p.client.Bytes(), whole(turns, harness.Client)) {
				t.Errorf("the client gets %q", p.client.Bytes())
			}
		}
	}
}

// TestNoHTTP2 passes at once, also what came before that showed.
func TestNoHTTP2(t *testing.T) {
	streams := protocols.HTTP2Streams()
	strikes := func([]byte, bool) bool { return false }
	if _, toClient := streams.Pass(harness.Client, []byte("220 ready\r\n"), strikes); len(toClient) > 0 {
		t.Errorf("%q is a frame", toClient)
	}
	toServer, toClient := streams.Pass(harness.Server, []byte("QUIT\r\n"), strikes)
	if string(toServer) != "QUIT\r\n" || string(toClient) != "220 ready\r\n" {
		t.Errorf("the server gets %q, the client %q", toServer, toClient)
	}
}

// bare is a protocol whose streams cannot end alone.
type bare struct{ point.Protocol }

// TestStreamsNeedAProtocol that can end them, and a place that is before a
// message.
func TestStreamsNeedAProtocol(t *testing.T) {
	for _, c := range []struct {
		protocol point.Protocol
		cell     string
		want     string // of the error; empty is none
	}{
		{protocols.HTTP2(), "P7/rst-stream/once/write", ""},
		{bare{protocols.HTTP2()}, "P7/rst-stream/once/write", "no streams of which one can end alone"},
		{protocols.HTTP1(), "P7/rst-stream/once/write", "no streams of which one can end alone"},
		{protocols.HTTP2(), "P8/rst-stream/once/write", "fit there"},
		{protocols.HTTP2(), "client@5/rst-stream/once/write", "cannot strike at a byte"},
		{protocols.HTTP2(), "client@5/goaway/once/write", "cannot strike at a byte"},
	} {
		cell, err := point.ParseCell(c.cell)
		if err != nil {
			t.Fatal(err)
		}
		s := audit.Subject{Protocol: c.protocol, Pooled: true}
		_, err = audit.Matrix(s, audit.Options{Cells: []point.Cell{cell}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %T: %v, want %q", c.cell, c.protocol, err, c.want)
		}
		cells, err := audit.Matrix(s, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		with := slices.ContainsFunc(cells, func(c point.Cell) bool { return c.Fault == point.RSTStream })
		if _, can := c.protocol.(point.Multiplexed); with != can {
			t.Errorf("%T: the matrix has the fault: %t", c.protocol, with)
		}
	}
}

// TestPromisesEnd with the stream that made them.
func TestPromisesEnd(t *testing.T) {
	client, server := newSpeaker(), newSpeaker()
	client.out.WriteString(http2.ClientPreface)
	client.headers(1, true, ":method", "GET")
	client.headers(3, true, ":method", "GET")
	server.headers(1, false, ":status", "200", "a", "b")
	for _, id := range []uint32{1, 3} {
		server.WriteData(id, false, []byte("data"))
		server.block.Reset()
		server.fields.WriteField(hpack.HeaderField{Name: "promised", Value: fmt.Sprint(id)})
		server.WritePushPromise(http2.PushPromiseParam{
			StreamID: id, PromiseID: id + 1, BlockFragment: server.block.Bytes(), EndHeaders: true,
		})
		server.headers(id+1, true, ":status", "200", "promised", fmt.Sprint(id))
	}
	p := ending(conversation(client.said(), server.said()), 1<<20, at(harness.Client, http2.FrameData, 1))
	got, want := heard(t, p.server.Bytes())[2:], []string{
		"1 RST_STREAM CANCEL", "0 WINDOW_UPDATE 4", "2 RST_STREAM CANCEL",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the server hears\n%s\nand not\n%s", lines(got), lines(want))
	}
	got, want = heard(t, p.client.Bytes())[1:], []string{
		"1 RST_STREAM INTERNAL_ERROR", "3 DATA end=false data", "3 PUSH_PROMISE", "4 HEADERS end=true :status=200 promised=3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the client hears\n%s\nand not\n%s", lines(got), lines(want))
	}
}

// TestEndlessBlocks are not kept: they pass when they are larger than what
// anybody takes.
func TestEndlessBlocks(t *testing.T) {
	client := newSpeaker()
	client.out.WriteString(http2.ClientPreface)
	client.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
	streams := protocols.HTTP2Streams()
	came, passed := 0, 0
	for range 200 {
		client.WriteContinuation(1, false, make([]byte, 1<<14))
		said := client.said()
		toServer, _ := streams.Pass(harness.Server, []byte(said), func([]byte, bool) bool { return false })
		came, passed = came+len(said), passed+len(toServer)
		if came-passed > 1<<20 {
			t.Fatalf("%d bytes are kept", came-passed)
		}
	}
	if passed != came {
		t.Errorf("%d of %d bytes passed", passed, came)
	}
}

func FuzzHTTP2Streams(f *testing.F) {
	var said [4][]byte
	for i := range said {
		said[i] = []byte(dialogue()[i].text)
	}
	f.Add(said[0], said[1], said[2], said[3], uint16(5), uint8(0))
	f.Add(said[0], said[1], said[2], said[3], uint16(1000), uint8(2))
	f.Fuzz(func(t *testing.T, a, b, c, d []byte, n uint16, strike uint8) {
		turns := conversation(string(a), string(b), string(c), string(d))
		met := 0
		p := ending(turns, int(n)+1, func(harness.End, http2.FrameHeader) bool {
			met++
			return strike > 0 && met%int(strike) == 0
		})
		if strike > 0 {
			return
		}
		same := bytes.Equal(p.server.Bytes(), whole(turns, harness.Server))
		if !same || !bytes.Equal(p.client.Bytes(), whole(turns, harness.Client)) {
			t.Fatal("nothing was struck, and other bytes came out")
		}
	})
}
