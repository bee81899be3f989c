package protocols

import (
	"bytes"
	"fmt"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// HTTP2 is HTTP/2 (RFC 9113) by prior knowledge, or behind TLS where the
// client negotiates h2. An exchange is a stream. Behind what is no HTTP/2 it
// names no more places.
func HTTP2() point.Protocol { return h2{} }

type h2 struct{}

func (h2) Name() string { return "http/2" }

// farewells are what an HTTP/2 server can say in place of a reply.
var farewells = []point.Fault{point.GoAway, point.RSTStream}

func (h2) Places() []point.Place {
	return []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte of the client's preface is withheld"},
		{ID: "P3", Says: "the client has sent its preface; the first byte of the server's is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the request", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the request is on its way",
			Primed: true, Race: true, Adds: farewells},
		{ID: "P5", Says: "one byte of the request's HEADERS frame has arrived"},
		{ID: "P5.head", Says: "the HEADERS frame of the request has arrived; its DATA is withheld",
			Operations: bodied},
		{ID: "P5.body", Says: "half of the request's first DATA frame has arrived", Operations: bodied},
		{ID: "P6", Says: "the request has arrived but for the last byte of a frame: it is not executed"},
		{ID: "P7", Says: "the request is executed; the first byte of the reply's HEADERS frame is withheld",
			Adds: farewells},
		{ID: "P7.pooled", Says: "as P7, on a pooled connection", Primed: true},
		{ID: "P8", Says: "one byte of the reply's HEADERS frame has arrived"},
		{ID: "P8.frame", Says: "the reply ends within the header of a frame"},
		{ID: "P8.fields", Says: "half of the reply's header fields has arrived"},
		{ID: "P9", Says: "the HEADERS frame of the reply has arrived; the next frame is withheld", Adds: farewells},
		{ID: "P9.body", Says: "one byte of the reply's data has arrived"},
		{ID: "P10.data", Says: "half of the first DATA frame of the reply has arrived"},
		{ID: "P10.frames", Says: "one DATA frame of the reply has arrived; the next frame is withheld",
			Shape: "chunked",
			Adds:  farewells},
		{ID: "P10.trailer", Says: "all data has arrived; the reply ends within the trailer fields", Shape: "trailer"},
		{ID: "P10.stream", Says: "one event of a stream has arrived; the next frame is withheld", Shape: "stream"},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P14", Says: "half of the first DATA frame has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	}
}

func (h2) Watch() point.Watcher {
	w := &h2Watcher{streams: map[uint32]*stream{}}
	w.toServer = frames{preface: http2.ClientPreface, met: w.inRequest}
	w.toClient = frames{met: w.inReply}
	w.framer = http2.NewFramer(nil, &w.block)
	w.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.framer.ReadMetaHeaders.SetAllowedMaxDynamicTableSize(1 << 16)
	return w
}

// An h2Watcher follows both directions of a connection.
type h2Watcher struct {
	toServer, toClient frames
	moments            []point.Moment
	streams            map[uint32]*stream
	opened             int // streams that the client has opened

	block  bytes.Buffer // frames of the header block that is on its way to the server
	framer *http2.Framer
}

// A stream is what is known of one.
type stream struct {
	exchange int
	bytes    []byte // of the request, its fields as lines
	data     int    // DATA frames of the request
	replying bool   // the reply's HEADERS frame has begun
	headed   bool   // and is complete
	replies  int    // DATA frames of the reply
	over     bool
}

func (w *h2Watcher) See(toward harness.End, b []byte) []point.Moment {
	w.moments = w.moments[:0]
	if toward == harness.Client {
		if !w.toClient.any && len(b) > 0 {
			w.at("P3", 0, 0)
		}
		w.toClient.see(b)
		return w.moments
	}
	if !w.toServer.any && len(b) > 0 {
		w.at("P1", 0, 0)
	}
	w.toServer.see(b)
	return w.moments
}

// Request returns the header fields of a request as lines, and the beginning
// of its data, up to 64 KiB.
func (w *h2Watcher) Request(exchange int) []byte {
	for _, s := range w.streams {
		if s.exchange == exchange {
			return s.bytes
		}
	}
	return []byte{}
}

func (w *h2Watcher) at(place string, at, exchange int) {
	w.moments = append(w.moments, point.Moment{Place: place, At: at, Exchange: exchange})
}

// insertable names a place at which a GOAWAY can be inserted. It says the
// truth: whether the server has processed the stream.
func (w *h2Watcher) insertable(place string, at, exchange int, id uint32, processed bool) {
	w.at(place, at, exchange)
	w.moments[len(w.moments)-1].Insert = func(f point.Fault) string {
		var frame bytes.Buffer
		to := http2.NewFramer(&frame, nil)
		switch {
		case f == point.GoAway && processed:
			to.WriteGoAway(id, http2.ErrCodeNo, nil)
		case f == point.GoAway:
			to.WriteGoAway(max(id, 2)-2, http2.ErrCodeNo, nil) // the client's stream before this
		}
		return frame.String()
	}
}

// inRequest follows the frames toward the server.
func (w *h2Watcher) inRequest(f *frames, m mark, at int) {
	s := w.streams[f.header.StreamID]
	isHeaders := f.header.Type == http2.FrameHeaders || f.header.Type == http2.FrameContinuation
	switch {
	case m == begins && f.header.Type == http2.FrameHeaders && s == nil:
		w.open(f.header.StreamID, at, f.clamp(1))
	case m == ends && isHeaders:
		w.fields(f, s)
	}
	if s = w.streams[f.header.StreamID]; s == nil {
		return
	}
	if m == begins && f.header.Type == http2.FrameData {
		s.data++
	}
	if m == passes && f.header.Type == http2.FrameData {
		s.bytes = append(s.bytes, f.piece[:min(len(f.piece), max(0, maxKept-len(s.bytes)))]...)
		f.within(int(f.header.Length)/2, at, func(at int) {
			if s.data == 1 {
				w.at("P5.body", at, s.exchange)
			}
		})
	}
	switch {
	case m != ends:
	case isHeaders && !f.header.Flags.Has(http2.FlagHeadersEndHeaders), !isHeaders && f.header.Type != http2.FrameData:
	case f.header.Type != http2.FrameContinuation && f.header.Flags.Has(http2.FlagDataEndStream):
		w.at("P6", at-1, s.exchange)
	case isHeaders:
		w.at("P5.head", at, s.exchange)
	}
}

// open notes a new stream.
func (w *h2Watcher) open(id uint32, at, behind int) {
	for id, s := range w.streams {
		if s.over {
			delete(w.streams, id)
		}
	}
	w.opened++
	w.streams[id] = &stream{exchange: w.opened, bytes: []byte{}}
	if w.opened > 1 {
		w.insertable("P4.race", at, w.opened, id, false)
	}
	w.at("P5", behind, w.opened)
}

// fields reads the header fields of a request when they are complete. The
// framer reads them, so that its table is right for the next.
func (w *h2Watcher) fields(f *frames, s *stream) {
	w.block.Write(f.bytes)
	if !f.header.Flags.Has(http2.FlagHeadersEndHeaders) {
		return
	}
	frame, err := w.framer.ReadFrame()
	headers, ok := frame.(*http2.MetaHeadersFrame)
	if err != nil || !ok {
		f.lost, w.toClient.lost = true, true
		return
	}
	if s == nil {
		return
	}
	for _, field := range headers.Fields {
		line := fmt.Appendf(nil, "%s: %s\r\n", field.Name, field.Value)
		s.bytes = append(s.bytes, line[:min(len(line), max(0, maxKept-len(s.bytes)))]...)
	}
}

// inReply follows the frames toward the client.
func (w *h2Watcher) inReply(f *frames, m mark, at int) {
	s := w.streams[f.header.StreamID]
	if s == nil || s.over {
		return
	}
	isHeaders, isData := f.header.Type == http2.FrameHeaders, f.header.Type == http2.FrameData
	switch m {
	case begins:
		w.replyBegins(s, f, at)
	case passes:
		half := int(f.header.Length) / 2
		switch {
		case isHeaders && !s.headed:
			f.within(half, at, func(at int) { w.at("P8.fields", at, s.exchange) })
		case isHeaders:
			f.within(half, at, func(at int) { w.at("P10.trailer", at, s.exchange) })
		case isData && s.replies == 1:
			f.within(1, at, func(at int) { w.at("P9.body", at, s.exchange) })
			f.within(half, at, func(at int) {
				w.at("P10.data", at, s.exchange)
				w.at("P14", at, s.exchange)
			})
		}
	case ends:
		s.headed = s.headed || isHeaders
		if (isHeaders || isData) && f.header.Flags.Has(http2.FlagDataEndStream) {
			w.at("P11", at, s.exchange)
			s.over = true
		}
		s.over = s.over || f.header.Type == http2.FrameRSTStream
	}
}

func (w *h2Watcher) replyBegins(s *stream, f *frames, at int) {
	isHeaders, isData := f.header.Type == http2.FrameHeaders, f.header.Type == http2.FrameData
	switch {
	case isHeaders && !s.replying:
		s.replying = true
		w.insertable("P7", at, s.exchange, f.header.StreamID, true)
		if s.exchange > 1 {
			w.at("P7.pooled", at, s.exchange)
		}
		w.at("P8", f.clamp(1), s.exchange)
		w.at("P8.frame", f.clamp(5), s.exchange)
	case (isHeaders || isData) && s.headed && s.replies == 0:
		w.insertable("P9", at, s.exchange, f.header.StreamID, true)
	case isData && s.replies == 1:
		w.insertable("P10.frames", at, s.exchange, f.header.StreamID, true)
		w.at("P10.stream", at, s.exchange)
	}
	if isData {
		s.replies++
	}
}
