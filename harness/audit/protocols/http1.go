package protocols

import (
	"bufio"
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// HTTP1 is HTTP/1.1 (RFC 9112). Its operations Idempotent and Write have
// request bodies. Behind an upgrade or a CONNECT, and behind what is no
// HTTP/1.1, it names no more places.
func HTTP1() point.Protocol { return http1{} }

type http1 struct{}

func (http1) Name() string { return "http/1.1" }

// bodied are the operations whose requests have a body.
var bodied = []point.Operation{point.Idempotent, point.Write}

func (http1) Places() []point.Place {
	return []point.Place{
		{ID: "P0", Says: "nobody listens at the address", Fits: []point.Fault{point.Refuse}},
		{ID: "P1", Says: "connected; the first byte of the request is withheld"},
		{ID: "P4.idle", Says: "the pooled connection died a while before the request", Primed: true, Idle: true},
		{ID: "P4.race", Says: "the pooled connection dies while the request is on its way", Primed: true, Race: true},
		{ID: "P5", Says: "one byte of the request has arrived"},
		{ID: "P5.head", Says: "the head of the request has arrived; its body is withheld", Operations: bodied},
		{ID: "P5.body", Says: "half of the request's body has arrived", Operations: bodied},
		{ID: "P6", Says: "the request has arrived but for its last byte: it is not executed"},
		{ID: "P7", Says: "the request is executed; the first byte of the reply is withheld"},
		{ID: "P7.pooled", Says: "as P7, on a pooled connection",
			Primed: true},
		{ID: "P8", Says: "one byte of the status line has arrived"},
		{ID: "P8.status", Says: "the reply ends within the status code"},
		{ID: "P8.name", Says: "the reply ends within the name of a header field"},
		{ID: "P8.value", Says: "the reply ends within the value of a header field"},
		{ID: "P9", Says: "the head of the reply has arrived, and nothing of its body"},
		{ID: "P9.body", Says: "one byte of the reply's body has arrived"},
		{ID: "P10.length", Says: "half of a body with Content-Length has arrived"},
		{ID: "P10.chunk", Says: "half of a chunk has arrived", Shape: "chunked"},
		{ID: "P10.chunks", Says: "one chunk has arrived; the next is withheld", Shape: "chunked"},
		{ID: "P10.last", Says: "all data has arrived; the last, empty chunk is withheld", Shape: "chunked"},
		{ID: "P10.trailer", Says: "all data has arrived; the reply ends within a trailer field", Shape: "trailer"},
		{ID: "P10.close", Says: "part of a body has arrived that ends with the connection",
			Shape: "close", Unframed: true},
		{ID: "P10.gzip", Says: "half of a compressed body has arrived", Shape: "gzip"},
		{ID: "P10.stream", Says: "one event of a stream has arrived; the next is withheld", Shape: "stream"},
		{ID: "P11", Says: "the complete reply has arrived"},
		{ID: "P12", Says: "the reply to the first of two pipelined requests has arrived", Shape: "pipelined"},
		{ID: "P14", Says: "half of the reply's body has arrived, and the client may go on sending",
			Fits: []point.Fault{point.HalfClose}},
	}
}

func (http1) Watch() point.Watcher {
	w := &http1Watcher{}
	w.buffer = bufio.NewReader(&w.heads)
	w.requests = framing{parse: w.requestHead, met: w.inRequest}
	w.replies = framing{parse: w.replyHead, met: w.inReply}
	return w
}

// An http1Watcher follows both directions of a connection. The n-th reply
// that is not an interim one belongs to the n-th request.
type http1Watcher struct {
	requests, replies framing
	moments           []point.Moment // found in the present bytes

	heads  bytes.Reader // what the parsers read from
	buffer *bufio.Reader

	asked kept[asked]

	answered   int  // complete replies
	interim    bool // the present reply is an interim one
	continued  bool // it follows one
	pipelined  bool // its request had come before the last reply ended
	compressed bool // its body is
	events     bool // its body is a stream of events
}

// asked is what is kept of a request.
type asked struct {
	method  string
	expects bool // Expect: 100-continue
}

func (w *http1Watcher) See(toward harness.End, b []byte) []point.Moment {
	w.moments = w.moments[:0]
	if toward == harness.Client {
		w.replies.see(b)
		return w.moments
	}
	w.asked.see(b, w.requests.see)
	return w.moments
}

// Request returns the beginning of a request, head and body, up to 64 KiB.
func (w *http1Watcher) Request(exchange int) []byte {
	if a := w.asked.of(exchange); a != nil {
		return a.bytes
	}
	return []byte{} // none that concerns anybody any more
}

func (w *http1Watcher) at(place string, at, exchange int) {
	w.moments = append(w.moments, point.Moment{Place: place, At: at, Exchange: exchange})
}

// inRequest names the places of requests.
func (w *http1Watcher) inRequest(m mark, at int) {
	if m == begins {
		w.asked.begin(at, w.answered, asked{})
	}
	exchange := w.asked.begun()
	switch {
	case m == begins && exchange == 1:
		w.at("P1", at, exchange)
	case m == begins:
		w.at("P4.race", at, exchange)
	case m == oneByte:
		w.at("P5", at, exchange)
	case m == headEnds:
		w.at("P5.head", at, exchange)
	case m == halfway || m == inChunk:
		w.at("P5.body", at, exchange)
	case m == ends:
		w.at("P6", at-1, exchange)
	}
}

// reading gives a head to a parser.
func (w *http1Watcher) reading(head []byte) *bufio.Reader {
	w.heads.Reset(head)
	w.buffer.Reset(&w.heads)
	return w.buffer
}

// requestHead is how the body of a request is delimited.
func (w *http1Watcher) requestHead(head []byte) body {
	request, err := http.ReadRequest(w.reading(head))
	if err != nil || request.ProtoMajor != 1 {
		return unknown
	}
	a := &w.asked.last().is
	a.method = request.Method
	a.expects = strings.EqualFold(request.Header.Get("Expect"), "100-continue")
	if request.ContentLength < 0 {
		return chunked
	}
	return body(request.ContentLength)
}

// replyPlaces are the places at the marks of a reply.
var replyPlaces = map[mark][]string{
	begins: {"P7"}, oneByte: {"P8"}, inStatus: {"P8.status"}, inName: {"P8.name"}, inValue: {"P8.value"},
	headEnds: {"P9"}, bodyByte: {"P9.body"}, halfway: {"P10.length", "P14"}, openEnded: {"P10.close"},
	inChunk: {"P10.chunk", "P14"}, nextChunk: {"P10.chunks"}, lastChunk: {"P10.last"}, inTrailer: {"P10.trailer"},
	ends: {"P11"},
}

// inReply names the places of replies.
func (w *http1Watcher) inReply(m mark, at int) {
	exchange := w.answered + 1
	asked := w.asked.of(exchange)
	if asked == nil {
		return // nobody asked
	}
	if m == ends && w.interim {
		w.interim, w.continued = false, true
		return
	}
	if m <= inValue && asked.is.expects && !w.continued {
		return // it may be the interim reply: nothing is executed yet
	}
	if m == begins && w.pipelined {
		w.at("P12", at, exchange)
	}
	for _, place := range replyPlaces[m] {
		w.at(place, at, exchange)
	}
	switch {
	case m == begins && exchange > 1:
		w.at("P7.pooled", at, exchange)
	case m == halfway && w.compressed:
		w.at("P10.gzip", at, exchange)
	case m == nextChunk && w.events:
		w.at("P10.stream", at, exchange)
	case m == ends:
		w.answered++
		w.continued = false
		w.pipelined = w.asked.begun() > w.answered
	}
}

// replyHead is how the body of a reply is delimited.
func (w *http1Watcher) replyHead(head []byte) body {
	asked := w.asked.of(w.answered + 1)
	if asked == nil {
		return unknown
	}
	request := &http.Request{Method: asked.is.method}
	reply, err := http.ReadResponse(w.reading(head), request)
	if err != nil || reply.ProtoMajor != 1 {
		return unknown
	}
	status := reply.StatusCode
	if status == http.StatusSwitchingProtocols || asked.is.method == http.MethodConnect && status/100 == 2 {
		w.requests.phase = lost
		return unknown
	}
	w.interim = status/100 == 1
	w.compressed = reply.Header.Get("Content-Encoding") != ""
	kind, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	w.events = kind == "text/event-stream"
	switch {
	case w.interim, asked.is.method == http.MethodHead, status == http.StatusNoContent, status == http.StatusNotModified:
		return 0
	case slices.Equal(reply.TransferEncoding, []string{"chunked"}):
		return chunked
	case reply.ContentLength >= 0:
		return body(reply.ContentLength)
	}
	return untilClose
}
