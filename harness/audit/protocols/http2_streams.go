package protocols

import (
	"bytes"

	"golang.org/x/net/http2"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// HTTP2Streams ends single streams of an HTTP/2 connection (RFC 9113, section
// 5.1), for every protocol that is spoken over it. The client gets a RST_STREAM
// with the code REFUSED_STREAM where the server has never seen the stream, and
// with INTERNAL_ERROR where it has; then the server gets one with CANCEL. What
// is dropped leaves no trace in what the two ends have in common: later header
// fields are encoded anew, without the table that they were to be found in, and
// the sender of dropped data gets back its window of the connection.
//
// What is no HTTP/2, or breaks its rules so that the frames cannot be followed,
// passes as it comes, and no stream of it ends any more.
func HTTP2Streams() point.Streams {
	return &h2Streams{
		toServer: newFlow(http2.ClientPreface), toClient: newFlow(""), ended: map[uint32]bool{},
	}
}

// Streams begins to follow the streams of a connection.
func (h2) Streams() point.Streams { return HTTP2Streams() }

type h2Streams struct {
	toServer, toClient *flow
	ended              map[uint32]bool // the streams that have been
	seen               uint32          // the client's last stream that the server has seen
	lost               bool            // the frames cannot be followed
}

// Pass passes whole frames on; a header block is passed with all its frames,
// between which no other may come (RFC 9113, section 4.3).
func (s *h2Streams) Pass(
	toward harness.End, b []byte, strikes func(message []byte, ended bool) bool,
) (toServer, toClient []byte) {
	s.toServer.out.Reset()
	s.toClient.out.Reset()
	d := s.direction(toward)
	d.come = append(d.come, b...)
	for !s.lost {
		unit, complete := d.next()
		if !complete {
			break
		}
		s.take(toward, unit, strikes)
	}
	if s.lost = s.lost || d.lost; s.lost {
		s.toServer.giveUp()
		s.toClient.giveUp()
	}
	return s.toServer.out.Bytes(), s.toClient.out.Bytes()
}

// Rest returns the beginning of a frame.
func (s *h2Streams) Rest(toward harness.End) []byte {
	d := s.direction(toward)
	d.out.Reset()
	d.giveUp()
	return d.out.Bytes()
}

func (s *h2Streams) direction(toward harness.End) *flow {
	if toward == harness.Client {
		return s.toClient
	}
	return s.toServer
}

// take passes a unit on, or drops it with its stream.
func (s *h2Streams) take(toward harness.End, unit []byte, strikes func([]byte, bool) bool) {
	d := s.direction(toward)
	if d.preface {
		d.preface = false
		strikes(unit, false)
		d.out.Write(unit)
		return
	}
	header := headerOf(unit)
	id := header.StreamID
	if strikes(unit, s.ended[id]) && id != 0 && !s.ended[id] {
		s.end(id, id%2 == 1 && id > s.seen)
	}
	switch {
	case header.Type == http2.FrameHeaders || header.Type == http2.FramePushPromise:
		s.takeBlock(toward, unit, s.ended[id])
	case !s.ended[id]:
		d.out.Write(unit)
	case header.Type == http2.FrameData && header.Length > 0:
		s.against(toward).framer.WriteWindowUpdate(0, header.Length) // padding counts too: section 6.1
	}
}

// end ends a stream toward both ends, or toward the client alone if the server
// has not seen it.
func (s *h2Streams) end(id uint32, unseen bool) {
	s.ended[id] = true
	if unseen {
		s.toClient.framer.WriteRSTStream(id, http2.ErrCodeRefusedStream)
		return
	}
	s.toClient.framer.WriteRSTStream(id, http2.ErrCodeInternal)
	s.toServer.framer.WriteRSTStream(id, http2.ErrCodeCancel)
}

// takeBlock passes a header block on. Its sender's table is followed also where
// it is dropped; from the first that was, the receiver's is another.
func (s *h2Streams) takeBlock(toward harness.End, unit []byte, dropped bool) {
	d := s.direction(toward)
	block, understood := d.read(unit)
	switch {
	case !understood:
		s.lost = true // its receiver will not understand it either, which ends the connection
		d.out.Write(unit)
	case dropped:
		d.recoding = true
		if block.promised != 0 { // the client never hears of it
			s.ended[block.promised] = true
			s.toServer.framer.WriteRSTStream(block.promised, http2.ErrCodeCancel)
		}
	case d.recoding:
		d.write(block)
	default:
		d.out.Write(unit)
	}
	if toward == harness.Server && !dropped && block.promised == 0 {
		s.seen = max(s.seen, block.StreamID)
	}
}

func (s *h2Streams) against(toward harness.End) *flow {
	if toward == harness.Client {
		return s.toServer
	}
	return s.toClient
}

// headerOf reads the header of a frame that begins b.
func headerOf(b []byte) http2.FrameHeader {
	header, _ := http2.ReadFrameHeader(bytes.NewReader(b)) // 9 bytes are one
	return header
}
