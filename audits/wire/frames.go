package wire

// Frames cuts a stream into messages of a head and a body, whatever pieces it
// comes in. The head's length and what it says of the body's may change from
// message to message.
type frames struct {
	headLen int
	size    func(head []byte) int // of the body, by a complete head
	head    []byte                // of the message that goes on
	length  int                   // of its body
	seen    int                   // bytes of its body that have come
	kept    []byte                // the first of those
}

// A stage is how far a message has come.
type stage int

const (
	begun  stage = iota // its first byte comes next
	headed              // its head is complete, and the first byte of its body is known if it has one
	halved              // half of its body has come
	passed              // bytes of its body have come
	ended               // it is complete
)

// A piece is where a message reaches a stage.
type piece struct {
	stage stage
	at    int    // how many of the bytes just cut come before; of a headed piece, before the body
	head  []byte // complete unless begun
	size  int    // of the body, unless begun
	body  []byte // the first bytes of the body; of a passed piece, those that have come
}

// maxBody bounds how much of a body is kept: enough for a COMMIT, and for the
// fields of MySQL's replies, two lengths and the status behind them.
const maxBody = 32

// start is where the head of a headed piece begins, if that is in the bytes
// just cut.
func (p piece) start() int { return max(0, p.at-len(p.head)) }

// cut tells the pieces in b, in order. tell may change headLen and size when a
// message has ended.
func (f *frames) cut(b []byte, tell func(piece)) {
	for at := 0; at < len(b); {
		if len(f.head) < f.headLen {
			at = f.cutHead(b, at, tell)
		} else {
			at = f.cutBody(b, at, tell)
		}
		if len(f.head) == f.headLen && f.seen == f.length {
			ending := piece{ended, at, f.head, f.length, f.kept}
			f.head, f.kept = nil, nil
			tell(ending)
		}
	}
}

func (f *frames) cutHead(b []byte, at int, tell func(piece)) int {
	if len(f.head) == 0 {
		tell(piece{stage: begun, at: at})
	}
	n := min(f.headLen-len(f.head), len(b)-at)
	f.head = append(f.head, b[at:at+n]...)
	at += n
	if len(f.head) < f.headLen {
		return at
	}
	f.length, f.seen = max(0, f.size(f.head)), 0
	if f.length == 0 {
		tell(piece{stage: headed, at: at, head: f.head})
		tell(piece{stage: halved, at: at, head: f.head})
	}
	return at
}

func (f *frames) cutBody(b []byte, at int, tell func(piece)) int {
	come := b[at:min(at+f.length-f.seen, len(b))]
	f.kept = append(f.kept, come[:min(len(come), maxBody-len(f.kept))]...)
	if f.seen == 0 {
		tell(piece{headed, at, f.head, f.length, f.kept})
	}
	tell(piece{passed, at, f.head, f.length, come})
	half := f.length / 2
	if f.seen <= half && half < f.seen+len(come) {
		tell(piece{halved, at + half - f.seen, f.head, f.length, f.kept})
	}
	f.seen += len(come)
	return at + len(come)
}
