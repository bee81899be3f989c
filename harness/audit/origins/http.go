package origins

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
)

// HTTP is a server of HTTP/1.1, net/http's. It executes a request when it has
// the whole of it. A request names its operation by the last element of its
// path, or by the header field Operation-Id; one that has an Idempotency-Key
// is executed once for each id, whatever comes.
//
// The query parameter shape asks for a shape of the reply: "" (Content-Length),
// "chunked", "trailer" (chunked, with one), "close" (delimited by the end of
// the connection), "gzip" (406 without Accept-Encoding), "stream"
// (text/event-stream). What it does not know is the usual shape.
type HTTP struct {
	*ledger
	listener net.Listener
	server   *http.Server
	serving  sync.WaitGroup
}

// StartHTTP starts the server on a free port of 127.0.0.1.
func StartHTTP() (*HTTP, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	h := &HTTP{ledger: newLedger(), listener: listener}
	// What a connection ends with is the audit's to tell, not the log's.
	h.server = &http.Server{Handler: h, ConnState: h.state, ErrorLog: log.New(io.Discard, "", 0)}
	h.serving.Go(func() { h.server.Serve(listener) }) // it returns when it is closed
	return h, nil
}

// listen listens on a free port of 127.0.0.1.
func listen() (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("origin: %w", err)
	}
	return listener, nil
}

// Addr returns its address, host:port.
func (h *HTTP) Addr() string { return h.listener.Addr().String() }

// Close stops listening and closes every connection.
func (h *HTTP) Close() error {
	err := h.server.Close()
	h.serving.Wait()
	return err
}

// URL returns the address at which a call is performed.
func (h *HTTP) URL(c audit.Call) string { return urlOf(c) }

func urlOf(c audit.Call) string {
	u := url.URL{Scheme: "http", Host: c.Address, Path: "/" + string(c.Operation) + "/" + c.ID}
	if c.TLS {
		u.Scheme = "https"
	}
	if c.Shape != "" {
		u.RawQuery = url.Values{"shape": {c.Shape}}.Encode()
	}
	return u.String()
}

// Reply returns the body of the reply, not compressed.
func (h *HTTP) Reply(c audit.Call) []byte {
	return slices.Concat(piecesFor(c.ID, c.Shape)...)
}

// piecesFor is the body of a reply, as it is sent chunk by chunk.
func piecesFor(id, shape string) (pieces [][]byte) {
	const count, lines = 4, 6
	piece := strings.Repeat(lineFor(id)+"\n", lines)
	if shape == "stream" {
		piece = "data: " + lineFor(id) + "\n\n"
	}
	for range count {
		pieces = append(pieces, []byte(piece))
	}
	return pieces
}

// state notes the connections that are over. A connection's handler has
// returned then.
func (h *HTTP) state(conn net.Conn, state http.ConnState) {
	if state == http.StateClosed {
		h.left(sourceOf(conn))
	}
}

func sourceOf(conn net.Conn) netip.Addr {
	return conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
}

// ServeHTTP executes a request and replies.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(http.ErrAbortHandler) // it has not all come
	}
	id := cmp.Or(r.Header.Get("Operation-Id"), path.Base(r.URL.Path))
	shape := r.URL.Query().Get("shape")
	if shape == "gzip" && !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	if r.Header.Get("Idempotency-Key") != "" {
		h.executeOnce(id)
	} else {
		h.execute(id)
	}
	if r.Method == http.MethodHead {
		return
	}
	reply(w, piecesFor(id, shape), shape)
}

// reply sends a body in a shape. Where the client is gone there is nothing to
// be done.
func reply(w http.ResponseWriter, pieces [][]byte, shape string) {
	header := w.Header()
	header.Set("Content-Type", "text/plain")
	switch shape {
	case "chunked":
		send(w, pieces)
	case "trailer":
		header.Set("Trailer", "Complete")
		send(w, pieces)
		header.Set("Complete", "yes")
	case "stream":
		header.Set("Content-Type", "text/event-stream")
		send(w, pieces)
	case "close":
		header.Set("Transfer-Encoding", "identity") // net/http's word for neither a length nor chunks
		send(w, pieces)
	case "gzip":
		header.Set("Content-Encoding", "gzip")
		pieces = [][]byte{compressed(pieces)}
		fallthrough
	default:
		body := slices.Concat(pieces...)
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}
}

// send sends pieces one by one.
func send(w http.ResponseWriter, pieces [][]byte) {
	for _, piece := range pieces {
		w.Write(piece)
		http.NewResponseController(w).Flush()
	}
}

func compressed(pieces [][]byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a good one
	for _, piece := range pieces {
		z.Write(piece) // into memory: it cannot fail
	}
	z.Close()
	return b.Bytes()
}
