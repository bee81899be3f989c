package wire

import (
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// GRPC is unary gRPC over HTTP/2 without encryption, with one message a DATA
// frame (RFC 9113, section 6; gRPC over HTTP/2). An exchange is a stream, and
// one can end alone.
func GRPC() point.Protocol { return grpc{} }

type grpc struct{}

func (grpc) Name() string { return "grpc" }

// Streams begins to follow the streams of a connection.
func (grpc) Streams() point.Streams { return protocols.HTTP2Streams() }

// alone is what else ends a call.
var alone = []point.Fault{point.RSTStream}

func (grpc) Places() []point.Place {
	return slicesOf(connecting, []point.Place{
		{ID: "P3", Says: "the first byte of the server's preface is withheld"},
		{ID: "P4.idle", Says: "the connection died a while before the call", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the connection dies while the call is on its way",
			Primed: true, Race: true, Adds: alone},
		{ID: "P5", Says: "the headers of the request have arrived; its message is withheld"},
		{ID: "P6", Says: "the request has arrived but for its last byte: it is not executed"},
		{ID: "P7", Says: "the request is executed; the first byte of the reply's headers is withheld", Adds: alone},
		{ID: "P8", Says: "half of the reply's headers has arrived"},
		{ID: "P9", Says: "the reply's headers have arrived; its message is withheld", Adds: alone},
		{ID: "P10", Says: "half of the reply's message has arrived"},
		{ID: "P10.last", Says: "the reply's message has arrived; the trailers, with the status, are withheld", Adds: alone},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P14", Says: "half of the reply's message has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	})
}

func (grpc) Watch() point.Watcher {
	size := func(head []byte) int { return int(head[0])<<16 | int(head[1])<<8 | int(head[2]) }
	return &grpcWatcher{
		client: frames{headLen: len(preface), size: func([]byte) int { return 0 }}, server: frames{headLen: 9, size: size},
		size: size, requests: map[int][]byte{}, headers: map[int]bool{},
	}
}

// preface is what a client begins with (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// The frames that matter, and the flag of the last one of a stream.
const (
	frameData, frameHeaders = 0x0, 0x1
	flagEndStream           = 0x1
)

type grpcWatcher struct {
	client, server frames
	size           func([]byte) int
	begun          bool // a byte has come
	prefaced       bool
	answered       bool
	requests       map[int][]byte // by exchange: what has come of the messages
	headers        map[int]bool   // by exchange: the reply's headers have come
}

// Request returns what has come of a request's message.
func (w *grpcWatcher) Request(exchange int) []byte { return append([]byte{}, w.requests[exchange]...) }

func (w *grpcWatcher) See(toward harness.End, b []byte) (moments []point.Moment) {
	if !w.begun && len(b) > 0 {
		w.begun = true
		moments = at(0, 0, "P1") // whoever speaks first: neither end waits for the other's preface
	}
	if toward == harness.Server {
		w.client.cut(b, func(p piece) { moments = append(moments, w.fromClient(p)...) })
	} else {
		w.server.cut(b, func(p piece) { moments = append(moments, w.fromServer(p)...) })
	}
	return inOrder(moments)
}

func (w *grpcWatcher) fromClient(p piece) []point.Moment {
	if !w.prefaced {
		w.prefaced = p.stage == ended
		if w.prefaced {
			w.client.headLen, w.client.size = 9, w.size
		}
		return nil
	}
	if p.stage == begun {
		return nil // of what kind it is, its head tells
	}
	exchange, kind := streamOf(p.head)
	switch {
	case p.stage == headed && kind == frameHeaders && exchange > 1:
		return at(exchange, p.start(), "P4.race")
	case p.stage == headed && kind == frameHeaders:
		return at(exchange, p.start(), "")
	case p.stage == headed && kind == frameData && p.size > 0:
		if exchange > 1 { // where the headers have come alone, and did not say whose they are
			return at(exchange, p.start(), "P4.race", "P5")
		}
		return at(exchange, p.start(), "P5")
	case p.stage == passed && kind == frameData:
		w.requests[exchange] = append(w.requests[exchange], p.body...)
	case p.stage == ended && kind == frameData && p.head[4]&flagEndStream != 0:
		return at(exchange, p.at-1, "P6")
	}
	return nil
}

func (w *grpcWatcher) fromServer(p piece) []point.Moment {
	if p.stage == begun {
		if !w.answered {
			w.answered = true
			return at(0, p.at, "P3")
		}
		return nil
	}
	exchange, kind := streamOf(p.head)
	if exchange == 0 || kind != frameHeaders && kind != frameData {
		return nil
	}
	last := p.head[4]&flagEndStream != 0
	switch {
	case p.stage == ended && last:
		return at(exchange, p.at, "P11")
	case p.stage == headed && last && kind == frameHeaders && w.headers[exchange]:
		return at(exchange, p.start(), "P10.last")
	case p.stage == headed && kind == frameHeaders:
		return at(exchange, p.start(), "P7")
	case p.stage == halved && kind == frameHeaders && !w.headers[exchange]:
		return at(exchange, p.at, "P8")
	case p.stage == ended && kind == frameHeaders:
		w.headers[exchange] = true
	case p.stage == headed && kind == frameData:
		return at(exchange, p.start(), "P9")
	case p.stage == halved && kind == frameData:
		return at(exchange, p.at, "P10", "P14")
	}
	return nil
}

// streamOf returns the exchange of a frame, 0 if it is of the connection, and
// its type. Clients' streams have the numbers 1, 3, 5 (RFC 9113, section 5.1.1).
func streamOf(head []byte) (exchange int, kind byte) {
	stream := int(head[5]&0x7f)<<24 | int(head[6])<<16 | int(head[7])<<8 | int(head[8])
	return (stream + 1) / 2, head[3]
}
