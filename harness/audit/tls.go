package audit

import (
	"slices"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// overTLS is a protocol with TLS in front: it has places of its own, in the
// records of TLS, and those of the protocol inside.
type overTLS struct{ point.Protocol }

func (p overTLS) Name() string { return p.Protocol.Name() + " over TLS" }

// Places are those inside, except that the first byte of the connection
// belongs to TLS.
func (p overTLS) Places() []point.Place {
	places := handshakePlaces()
	for _, place := range p.Protocol.Places() {
		switch place.ID {
		case "P0":
			places = slices.Insert(places, 0, place)
		case "P1":
		default:
			places = append(places, place)
		}
	}
	return places
}

// handshakePlaces are those in the records of TLS, not in what they carry.
func handshakePlaces() []point.Place {
	return []point.Place{
		{ID: "P1", Says: "connected; the first byte of the ClientHello is withheld"},
		{ID: "P2.client", Says: "the ClientHello has arrived, and nothing else"},
		{ID: "P2.server", Says: "the ServerHello has arrived, and nothing else"},
		{ID: "P2.finished", Says: "the client has sent its Finished, and nothing else arrived", Race: true},
	}
}

// inHandshake says whether a place is one of them.
func (s *Subject) inHandshake(place string) bool {
	return s.TLS != nil && slices.ContainsFunc(handshakePlaces(), func(p point.Place) bool { return p.ID == place })
}

// The content types of records that matter: RFC 8446, appendix B.1.
const (
	changeCipherSpec = 20
	handshake        = 22
	applicationData  = 23 // in TLS 1.3 the rest of the handshake, too
)

// records follows the records of TLS (RFC 8446, section 5.1) through a
// handshake.
type records struct {
	toServer, toClient record
	hello, changed     bool // the client has sent its ClientHello, its ChangeCipherSpec
	answered, finished bool // the server has sent its ServerHello, the client its Finished
}

// A record is what has come of one.
type record struct {
	header [5]byte // its type, version and length
	got    int     // bytes of the header
	left   int     // bytes behind it
	any    bool    // a record has begun
}

// next takes up to one record of b. It returns how much that was, and the
// type of the record that was completed, or 0.
func (r *record) next(b []byte) (n int, kind byte) {
	r.any = true
	for n < len(b) && r.got < len(r.header) {
		r.header[r.got] = b[n]
		n++
		if r.got++; r.got == len(r.header) {
			r.left = int(r.header[3])<<8 | int(r.header[4])
		}
	}
	if r.got < len(r.header) {
		return n, 0
	}
	more := min(r.left, len(b)-n)
	if r.left -= more; r.left == 0 {
		r.got, kind = 0, r.header[0]
	}
	return n + more, kind
}

// See names the places of the handshake, which is no exchange.
func (w *records) See(toward harness.End, b []byte) (moments []point.Moment) {
	for at := 0; at < len(b) && !w.finished; {
		r := &w.toServer
		if toward == harness.Client {
			r = &w.toClient
		} else if !r.any {
			moments = append(moments, point.Moment{Place: "P1", At: at})
		}
		n, kind := r.next(b[at:])
		at += n
		if place := w.complete(toward, kind); place != "" {
			moments = append(moments, point.Moment{Place: place, At: at})
		}
	}
	return moments
}

// complete returns the place behind a complete record, if it is one.
func (w *records) complete(toward harness.End, kind byte) string {
	switch {
	case toward == harness.Client && kind == handshake && !w.answered:
		w.answered = true
		return "P2.server"
	case toward == harness.Client || kind == 0:
	case !w.hello:
		w.hello = true
		return "P2.client"
	case kind == changeCipherSpec:
		w.changed = true
	case kind == applicationData || kind == handshake && w.changed:
		w.finished = true
		return "P2.finished"
	}
	return ""
}

// Request returns nothing: a handshake asks for nothing.
func (w *records) Request(int) []byte { return nil }
