package wire

// Frames cuts a stream into messages of a head and a body. The head's length
// and what it says of the body's may change from message to message.
type frames struct {
	headLen int
	size    func(head []byte) int // of the body, by a complete head
	head    []byte                // of the message that goes on
	left    int                   // bytes of its body still to come
}

// A stage is how far a message has come.
type stage int

const (
	begun  stage = iota // its first byte comes next
	headed              // its head is complete
	ended               // it is complete
)

// A piece is where a message reaches a stage.
type piece struct {
	stage stage
	at    int    // how many of the bytes just cut come before
	head  []byte // complete unless begun
	size  int    // of the body, unless begun
	body  []byte // of a headed message: what has come of its body with the head
}

// start is where the head of a headed piece begins, if that is in the bytes
// just cut.
func (p piece) start() int { return max(0, p.at-len(p.head)) }

// half is the middle of the body of a headed piece, or the end of the bytes
// just cut if that comes before.
func (p piece) half() int { return p.at + min(p.size/2, len(p.body)) }

// cut tells the pieces in b, in order. tell may change headLen and size when a
// message has ended.
func (f *frames) cut(b []byte, tell func(piece)) {
	for at := 0; at < len(b); {
		if len(f.head) < f.headLen {
			at = f.cutHead(b, at, tell)
		} else {
			n := min(f.left, len(b)-at)
			f.left -= n
			at += n
		}
		if len(f.head) == f.headLen && f.left == 0 {
			head := f.head
			f.head = nil
			tell(piece{stage: ended, at: at, head: head})
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
	if len(f.head) == f.headLen {
		f.left = max(0, f.size(f.head))
		tell(piece{headed, at, f.head, f.left, b[at:min(at+f.left, len(b))]})
	}
	return at
}
