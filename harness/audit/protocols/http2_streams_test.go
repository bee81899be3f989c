package protocols_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// A passage is a connection whose streams can end alone, with what came out of
// it at both ends.
type passage struct {
	server, client bytes.Buffer
}

// ending passes turns on in pieces of at most n bytes. strikes chooses by the
// header of a message's first frame where its stream is to end.
func ending(turns []turn, n int, strikes func(toward harness.End, h http2.FrameHeader) bool) *passage {
	p := &passage{}
	streams := protocols.HTTP2Streams()
	for _, turn := range turns {
		for piece := range slices.Chunk([]byte(turn.text), n) {
			piece = slices.Clone(piece)
			toServer, toClient := streams.Pass(turn.toward, piece, func(message []byte, ended bool) bool {
				header, err := http2.ReadFrameHeader(bytes.NewReader(message))
				return err == nil && !ended && !bytes.HasPrefix(message, []byte("PRI ")) && strikes(turn.toward, header)
			})
			p.server.Write(toServer)
			p.client.Write(toClient)
			clear(piece) // it must not be kept
		}
	}
	p.server.Write(streams.Rest(harness.Server))
	p.client.Write(streams.Rest(harness.Client))
	return p
}

// never strikes.
func never(harness.End, http2.FrameHeader) bool { return false }

// at strikes the first frame of a type in a stream.
func at(toward harness.End, kind http2.FrameType, stream uint32) func(harness.End, http2.FrameHeader) bool {
	return func(to harness.End, h http2.FrameHeader) bool {
		return to == toward && h.Type == kind && h.StreamID == stream
	}
}

// heard is what an end makes of frames, one a line, with its own table of
// header fields.
func heard(t *testing.T, frames []byte) (lines []string) {
	t.Helper()
	frames, _ = bytes.CutPrefix(frames, []byte(http2.ClientPreface))
	framer := http2.NewFramer(nil, bytes.NewReader(frames))
	framer.ReadMetaHeaders = hpack.NewDecoder(1<<16, nil)
	framer.ReadMetaHeaders.SetMaxDynamicTableSize(4096)
	framer.SetMaxReadFrameSize(1 << 14)
	for {
		frame, err := framer.ReadFrame()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatalf("behind %s: %v", strings.Join(lines, "\n"), err)
		}
		lines = append(lines, saying(frame))
	}
}

func saying(frame http2.Frame) string {
	id := frame.Header().StreamID
	switch frame := frame.(type) {
	case *http2.MetaHeadersFrame:
		text := fmt.Sprintf("%d HEADERS end=%t", id, frame.StreamEnded())
		for _, f := range frame.Fields {
			text += fmt.Sprintf(" %s=%s", f.Name, f.Value)
			if f.Sensitive {
				text += " (sensitive)"
			}
		}
		return text
	case *http2.DataFrame:
		return fmt.Sprintf("%d DATA end=%t %s", id, frame.StreamEnded(), frame.Data())
	case *http2.RSTStreamFrame:
		return fmt.Sprintf("%d RST_STREAM %v", id, frame.ErrCode)
	case *http2.WindowUpdateFrame:
		return fmt.Sprintf("%d WINDOW_UPDATE %d", id, frame.Increment)
	}
	return fmt.Sprintf("%d %v", id, frame.Header().Type)
}

// whole is all that is said toward an end.
func whole(turns []turn, toward harness.End) (b []byte) {
	for _, turn := range turns {
		if turn.toward == toward {
			b = append(b, turn.text...)
		}
	}
	return b
}

// continued writes header fields in fragments of 10 bytes.
func (s *speaker) continued(id uint32, fields ...hpack.HeaderField) {
	s.block.Reset()
	for _, f := range fields {
		s.fields.WriteField(f)
	}
	first := s.block.Next(10)
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndHeaders: s.block.Len() == 0})
	for s.block.Len() > 0 {
		fragment := s.block.Next(10)
		s.WriteContinuation(id, s.block.Len() == 0, fragment)
	}
}

// dialogue has eight requests, in pairs that are interleaved. Each adds to the
// tables of header fields and uses what others have added; one is larger than a
// frame, and the client changes the size of its table.
func dialogue() (turns []turn) {
	client, server := newSpeaker(), newSpeaker()
	client.out.WriteString(http2.ClientPreface)
	client.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	server.WriteSettings()
	for n := range uint32(4) {
		a, b, own := 4*n+1, 4*n+3, fmt.Sprintf("value-%d", n)
		large := own
		switch n {
		case 2:
			client.fields.SetMaxDynamicTableSize(200)
			large = strings.Repeat(own, 5000)
		case 3:
			client.fields.SetMaxDynamicTableSize(4000)
		}
		fields := []string{":method", "POST", ":path", "/a", "name-" + own, own, "common", "x"}
		if n == 3 { // more than the table had room for
			fields = append(fields, "twice", strings.Repeat(own, 30), "twice", strings.Repeat(own, 30))
		}
		client.headers(a, false, fields...)
		client.continued(b, hpack.HeaderField{Name: ":method", Value: "PUT"}, hpack.HeaderField{Name: ":path", Value: "/b"},
			hpack.HeaderField{Name: "common", Value: "x"}, hpack.HeaderField{Name: "secret", Value: own, Sensitive: true},
			hpack.HeaderField{Name: "large", Value: large}, hpack.HeaderField{Name: "last", Value: own})
		client.WriteDataPadded(a, false, []byte("a-first"), make([]byte, 50))
		client.WriteData(b, false, []byte("b-first"))
		turns = append(turns, turn{harness.Server, client.said()})
		server.WriteWindowUpdate(a, 7)
		server.headers(a, false, ":status", "200", "name-"+own, own, "common", "y")
		server.continued(b, hpack.HeaderField{Name: ":status", Value: "404"}, hpack.HeaderField{Name: "common", Value: "y"},
			hpack.HeaderField{Name: "again", Value: own})
		server.WriteDataPadded(a, false, []byte("A-first"), make([]byte, 20))
		server.WriteData(b, false, []byte("B-first"))
		turns = append(turns, turn{harness.Client, server.said()})
		client.WriteData(a, true, []byte("a-last"))
		client.headers(b, true, "trailer", own, "common", "x")
		client.WritePing(false, [8]byte{1})
		client.WriteWindowUpdate(b, 9)
		turns = append(turns, turn{harness.Server, client.said()})
		server.WritePing(true, [8]byte{1})
		server.headers(a, true, "done", own, "common", "y")
		server.WriteData(b, true, nil)
		turns = append(turns, turn{harness.Client, server.said()})
	}
	return turns
}

// endings are strikes in the dialogue, and what the two ends hear of the
// stream, or because of it.
var endings = []struct {
	name                       string
	strikes                    func(harness.End, http2.FrameHeader) bool
	stream                     string
	server, client             []string
	serverWindow, clientWindow string // what each gets back for the data that was dropped
}{
	{
		name: "a request", strikes: at(harness.Server, http2.FrameHeaders, 5), stream: "5 ",
		client:       []string{"5 RST_STREAM REFUSED_STREAM"},
		serverWindow: "28", clientWindow: "58 6",
	},
	{
		name: "a request in CONTINUATIONs", strikes: at(harness.Server, http2.FrameHeaders, 7), stream: "7 ",
		client:       []string{"7 RST_STREAM REFUSED_STREAM"},
		serverWindow: "7", clientWindow: "7",
	},
	{
		name: "a request while the table is small", strikes: at(harness.Server, http2.FrameHeaders, 11), stream: "11 ",
		client:       []string{"11 RST_STREAM REFUSED_STREAM"},
		serverWindow: "7", clientWindow: "7",
	},
	{
		name: "the data of a request", strikes: at(harness.Server, http2.FrameData, 1), stream: "1 ",
		server: []string{
			"1 HEADERS end=false :method=POST :path=/a name-value-0=value-0 common=x", "1 RST_STREAM CANCEL",
		},
		client:       []string{"1 RST_STREAM INTERNAL_ERROR"},
		serverWindow: "28", clientWindow: "58 6",
	},
	{
		name: "a reply", strikes: at(harness.Client, http2.FrameHeaders, 1), stream: "1 ",
		server: []string{
			"1 HEADERS end=false :method=POST :path=/a name-value-0=value-0 common=x", "1 DATA end=false a-first",
			"1 RST_STREAM CANCEL",
		},
		client:       []string{"1 WINDOW_UPDATE 7", "1 RST_STREAM INTERNAL_ERROR"},
		serverWindow: "28", clientWindow: "6",
	},
	{
		name: "a reply in CONTINUATIONs", strikes: at(harness.Client, http2.FrameHeaders, 3), stream: "3 ",
		server: []string{
			"3 HEADERS end=false :method=PUT :path=/b common=x secret=value-0 (sensitive) large=value-0 last=value-0",
			"3 DATA end=false b-first", "3 RST_STREAM CANCEL",
		},
		client:       []string{"3 RST_STREAM INTERNAL_ERROR"},
		serverWindow: "7",
	},
	{
		name: "the data of a reply", strikes: at(harness.Client, http2.FrameData, 1), stream: "1 ",
		server: []string{
			"1 HEADERS end=false :method=POST :path=/a name-value-0=value-0 common=x", "1 DATA end=false a-first",
			"1 RST_STREAM CANCEL",
		},
		client: []string{
			"1 WINDOW_UPDATE 7", "1 HEADERS end=false :status=200 name-value-0=value-0 common=y",
			"1 RST_STREAM INTERNAL_ERROR",
		},
		serverWindow: "28", clientWindow: "6",
	},
}

// TestOneStreamEnds: of everything but the stream both ends hear what was said.
func TestOneStreamEnds(t *testing.T) {
	turns := dialogue()
	for _, c := range endings {
		for _, n := range []int{1, 7, 1 << 20} {
			t.Run(fmt.Sprintf("%s in pieces of %d", c.name, n), func(t *testing.T) {
				p := ending(turns, n, c.strikes)
				for _, end := range []struct {
					toward harness.End
					frames []byte
					own    []string
					window string
				}{
					{harness.Server, p.server.Bytes(), c.server, c.serverWindow},
					{harness.Client, p.client.Bytes(), c.client, c.clientWindow},
				} {
					own, window, others := apart(heard(t, end.frames), c.stream)
					_, _, want := apart(heard(t, whole(turns, end.toward)), c.stream)
					if !slices.Equal(others, want) {
						t.Errorf("toward the %s\n%s\nand not\n%s", end.toward, lines(others), lines(want))
					}
					if !slices.Equal(own, end.own) {
						t.Errorf("toward the %s of the stream\n%s\nand not\n%s", end.toward, lines(own), lines(end.own))
					}
					if window != end.window {
						t.Errorf("the %s gets back %q, want %q", end.toward, window, end.window)
					}
				}
			})
		}
	}
}

// apart takes apart what an end hears of a stream, the window of the connection
// that it gets, and the rest.
func apart(heard []string, stream string) (own []string, window string, others []string) {
	var increments []string
	for _, line := range heard {
		increment, updates := strings.CutPrefix(line, "0 WINDOW_UPDATE ")
		switch {
		case updates:
			increments = append(increments, increment)
		case strings.HasPrefix(line, stream):
			own = append(own, line)
		default:
			others = append(others, line)
		}
	}
	return own, strings.Join(increments, " "), others
}
