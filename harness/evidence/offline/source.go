package offline

import (
	"bytes"
	"errors"
	"io"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/printed"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// A source hands over the segments of one capture, in its order. What a segment
// points to is valid until the next one is asked for.
type source interface {
	Next() (evidence.Segment, error)
	// OnICMP has a function called with the ICMP errors between the segments.
	OnICMP(func(*packets.ICMPError))
	Omissions() []packets.Omission
}

// The kinds of input.
const (
	KindFile  = "capture file"  // pcap or pcapng: see package savefile
	KindTrace = "printed trace" // of tcpdump, tshark or Wireshark: see package printed
)

// open finds out by its content what an input is.
func open(r io.Reader) (source, string, error) {
	begin := &opening{r: r, keep: true}
	file, err := savefile.Open(begin)
	begin.keep = false
	if err == nil {
		return file, KindFile, nil
	}
	if !errors.Is(err, savefile.ErrFormat) {
		return nil, KindFile, err
	}
	trace, err := printed.Open(io.MultiReader(&begin.seen, r))
	if err != nil {
		return nil, KindTrace, err
	}
	return trace, KindTrace, nil
}

// An opening is a reader whose beginning is kept, to be read once more.
type opening struct {
	r    io.Reader
	keep bool
	seen bytes.Buffer
}

func (o *opening) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	if o.keep {
		o.seen.Write(b[:n])
	}
	return n, err
}
