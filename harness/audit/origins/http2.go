package origins

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/resetlab/resetlab/harness/audit"
)

// HTTP2 is a server of HTTP/2 by prior knowledge. It serves one stream after
// the other, so that nothing is executed any more when a connection is over:
// net/http's goes on behind that. It names operations, executes them once
// where there is an idempotency-key, and knows the shapes "", "chunked",
// "trailer" and "stream" as [HTTP] does. It counts on clients to keep the
// window of the connection open, which has room for 30 replies.
type HTTP2 struct {
	*ledger
	listener net.Listener
	serving  sync.WaitGroup
}

// StartHTTP2 starts the server on a free port of 127.0.0.1.
func StartHTTP2() (*HTTP2, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	h := &HTTP2{ledger: newLedger(), listener: listener}
	h.serving.Go(h.accept)
	return h, nil
}

// Addr returns its address, host:port.
func (h *HTTP2) Addr() string { return h.listener.Addr().String() }

// Close stops listening and waits until every connection is over; the audit's
// are when the audit is.
func (h *HTTP2) Close() error {
	err := h.listener.Close()
	h.serving.Wait()
	return err
}

// URL returns the address at which a call is performed.
func (h *HTTP2) URL(c audit.Call) string { return urlOf(c) }

// Reply returns the body of the reply.
func (h *HTTP2) Reply(c audit.Call) []byte { return slices.Concat(piecesFor(c.ID, c.Shape)...) }

func (h *HTTP2) accept() {
	acceptAll(h.listener, func(conn net.Conn) { h.serving.Go(func() { h.serve(conn) }) })
}

// An h2session is one connection of HTTP/2.
type h2session struct {
	origin   *HTTP2
	framer   *http2.Framer
	out      *bufio.Writer
	block    bytes.Buffer
	fields   *hpack.Encoder
	requests map[uint32]*http2.MetaHeadersFrame // not complete yet
}

// Bounds of what a client can have a connection keep.
const (
	maxFields  = 16 << 10 // bytes of a request's header fields, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
	maxStreams = 100      // requests that are not complete
)

func (h *HTTP2) serve(conn net.Conn) {
	defer h.left(sourceOf(conn))
	defer conn.Close()
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	s := &h2session{origin: h, out: bufio.NewWriter(conn), requests: map[uint32]*http2.MetaHeadersFrame{}}
	s.framer = http2.NewFramer(s.out, bufio.NewReader(conn))
	s.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	s.framer.MaxHeaderListSize = maxFields
	s.framer.SetMaxReadFrameSize(1 << 14) // as long as nobody is told otherwise: RFC 9113, section 4.2
	s.fields = hpack.NewEncoder(&s.block)
	s.framer.WriteSettings(
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: maxStreams},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxFields},
	) // writing into a buffer: Flush tells what failed
	for s.out.Flush() == nil {
		frame, err := s.framer.ReadFrame()
		if err != nil {
			return
		}
		s.take(frame)
	}
}

// take does what a frame asks for.
func (s *h2session) take(frame http2.Frame) {
	id := frame.Header().StreamID
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			s.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			s.framer.WritePing(true, frame.Data)
		}
	case *http2.MetaHeadersFrame:
		s.begin(frame)
	case *http2.DataFrame:
		if n := frame.Header().Length; n > 0 {
			s.framer.WriteWindowUpdate(0, n)
		}
		if frame.StreamEnded() && s.requests[id] != nil {
			s.perform(id)
		}
	case *http2.RSTStreamFrame:
		delete(s.requests, id)
	}
}

// begin takes the head of a request, or the trailer of one.
func (s *h2session) begin(head *http2.MetaHeadersFrame) {
	id := head.StreamID
	begun := s.requests[id]
	switch {
	case head.Truncated:
		delete(s.requests, id)
		s.headers(id, true, ":status", "431")
		return
	case begun == nil && len(s.requests) == maxStreams:
		s.framer.WriteRSTStream(id, http2.ErrCodeRefusedStream)
		return
	case begun == nil:
		s.requests[id] = head
	}
	if head.StreamEnded() {
		s.perform(id)
	}
}

// perform executes a complete request and replies.
func (s *h2session) perform(id uint32) {
	request := s.requests[id]
	delete(s.requests, id)
	target, query, _ := strings.Cut(request.PseudoValue("path"), "?")
	operation, key := path.Base(target), ""
	for _, field := range request.RegularFields() {
		switch field.Name {
		case "operation-id":
			operation = field.Value
		case "idempotency-key":
			key = field.Value
		}
	}
	if key != "" {
		s.origin.executeOnce(operation)
	} else {
		s.origin.execute(operation)
	}
	s.reply(id, operation, strings.TrimPrefix(query, "shape="))
}

// reply sends a reply in a shape.
func (s *h2session) reply(id uint32, operation, shape string) {
	pieces := piecesFor(operation, shape)
	kind := "text/plain"
	switch shape {
	case "stream":
		kind = "text/event-stream"
	case "chunked", "trailer":
	default:
		pieces = [][]byte{slices.Concat(pieces...)}
	}
	s.headers(id, false, ":status", "200", "content-type", kind)
	for i, piece := range pieces {
		last := i == len(pieces)-1 && shape != "trailer"
		s.framer.WriteData(id, last, piece)
		if s.out.Flush() != nil {
			return
		}
	}
	if shape == "trailer" {
		s.headers(id, true, "complete", fmt.Sprint(len(pieces), " pieces"))
	}
}

// headers writes name and value pairs, none of which the client has to remember.
func (s *h2session) headers(id uint32, end bool, pairs ...string) {
	s.block.Reset()
	for pair := range slices.Chunk(pairs, 2) {
		s.fields.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1], Sensitive: true})
	}
	s.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: s.block.Bytes(), EndStream: end, EndHeaders: true,
	})
}
