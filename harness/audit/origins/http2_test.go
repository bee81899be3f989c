package origins_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
)

func startHTTP2(t *testing.T) *origins.HTTP2 {
	t.Helper()
	origin, err := origins.StartHTTP2()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

// dialHTTP2 connects, and returns what writes frames and what reads them.
func dialHTTP2(t *testing.T, origin *origins.HTTP2) (net.Conn, *http2.Framer) {
	t.Helper()
	conn := dial(t, origin.Addr())
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return conn, framer
}

// fieldsOf encodes name and value pairs.
func fieldsOf(pairs ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(pairs); i += 2 {
		encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1], Sensitive: true})
	}
	return block.Bytes()
}

var headOf = []string{":method", "GET", ":scheme", "http", ":authority", "x", ":path", "/read/abcdef-000001"}

// TestHTTP2BoundsHeaders sends 12 MB of header fields in CONTINUATION frames: the
// origin ends the connection long before it has kept them.
func TestHTTP2BoundsHeaders(t *testing.T) {
	origin := startHTTP2(t)
	conn, framer := dialHTTP2(t, origin)
	more := fieldsOf("x", strings.Repeat("a", 15<<10))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: fieldsOf(headOf...), EndStream: true})
	for sent := 0; err == nil && sent < 12<<20; sent += len(more) {
		err = framer.WriteContinuation(1, false, more)
	}
	if err == nil {
		_ = framer.WriteContinuation(1, true, nil) // the origin may have ended the connection
	}
	io.Copy(io.Discard, conn) // until it ends

	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; made > 4<<20 {
		t.Errorf("12 MB of header fields made %d MB", made>>20)
	}
	expectAccount(t, origin, "abcdef-000001", audit.Account{})
}

// TestHTTP2BoundsRequests begins more streams than the origin allows, and one
// with more header fields: those are refused, and the others are served.
func TestHTTP2BoundsRequests(t *testing.T) {
	origin := startHTTP2(t)
	_, framer := dialHTTP2(t, origin)
	const allowed = 100
	open := func(id uint32, end bool, pairs ...string) {
		t.Helper()
		if err := framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: id, BlockFragment: fieldsOf(append(headOf, pairs...)...), EndHeaders: true, EndStream: end,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range uint32(allowed + 1) {
		open(2*i+1, false)
	}
	framer.WriteData(1, true, nil)
	open(2*allowed+3, true, "x", strings.Repeat("a", 10<<10), "x", strings.Repeat("a", 10<<10))
	framer.WritePing(false, [8]byte{})

	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	refused, statuses := uint32(0), map[uint32]string{}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch frame := frame.(type) {
		case *http2.RSTStreamFrame:
			refused = frame.StreamID
			if frame.ErrCode != http2.ErrCodeRefusedStream {
				t.Errorf("stream %d ends with %v", refused, frame.ErrCode)
			}
		case *http2.MetaHeadersFrame:
			statuses[frame.StreamID] = frame.PseudoValue("status")
		}
		if frame.Header().Type == http2.FramePing {
			break
		}
	}
	if refused != 2*allowed+1 || statuses[1] != "200" || statuses[2*allowed+3] != "431" {
		t.Errorf("refused is stream %d, the statuses are %v", refused, statuses)
	}
	expectAccount(t, origin, "abcdef-000001", audit.Account{Executed: 1})
}
