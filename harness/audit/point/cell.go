package point

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness"
)

// A Fault is what strikes the client at a place.
type Fault string

// The faults. RST and FIN belong together: a third of all surprises are
// differences between the two.
const (
	RST       Fault = "rst"          // a RST to both ends, as from a device between
	DataRST   Fault = "data-rst"     // as RST, so soon behind the data that the client gets both at once (Linux only)
	ReadRST   Fault = "read-rst"     // as RST, once the client has read what came before it (Linux only)
	Unread    Fault = "unread"       // as RST; the client gets it because bytes of it were unread (Linux only)
	FIN       Fault = "fin"          // a FIN to both ends; what the client sends then is swallowed
	FINRST    Fault = "fin-rst"      // a FIN, and a RST to the client's next write, as from a server that closed
	HalfClose Fault = "half-close"   // a FIN toward the client only; what it sends still arrives
	Stall     Fault = "stall"        // no byte any more, and the connection stays open
	StallRST  Fault = "stall-rst"    // as Stall for audit.Limits.Stall, then a RST to both ends
	Refuse    Fault = "refuse"       // nobody listens
	CloseNote Fault = "close-notify" // as FIN, behind TLS's close_notify; with TLS a FIN comes without
	GoAway    Fault = "goaway"       // as FIN, behind a GOAWAY of HTTP/2 that says the truth about the request
	RSTStream Fault = "rst-stream"   // a RST_STREAM of HTTP/2 to both ends; the connection and its other streams live on
)

// The faults that are none: the client gets all that the server sent, in order,
// and is to notice nothing. See [Fault.Harmless].
const (
	Bytes  Fault = "bytes"  // the reply comes one byte at a time, the first 4096 of them
	Split  Fault = "split"  // what is before the place is read before the rest comes
	Joined Fault = "joined" // the reply is held back up to the place, and comes at once with what follows
	Pause  Fault = "pause"  // as Split, and the rest comes after audit.Limits.Pause
)

// Faults returns every fault, in the order in which reports show them.
func Faults() []Fault {
	return []Fault{RST, DataRST, ReadRST, Unread, FIN, FINRST, HalfClose, Stall, StallRST, Refuse, CloseNote, GoAway, RSTStream,
		Bytes, Split, Joined, Pause}
}

// Harmless says whether a fault changes nothing but the pieces in which a reply
// comes, and when. TCP keeps no boundaries of messages (RFC 9293, section 3.8.6.2):
// a client that is right notices nothing.
func (f Fault) Harmless() bool { return slices.Contains([]Fault{Bytes, Split, Joined, Pause}, f) }

// Check says that there is no such fault.
func (f Fault) Check() error {
	if !slices.Contains(Faults(), f) {
		return fmt.Errorf("fault is %q: allowed are %s", f, Words(Faults()))
	}
	return nil
}

// A Repeat says how often a fault strikes, such as "once", "3x", "always" or
// "backend".
type Repeat string

// The repetitions. Others are those of the first attempts, "2x" to "1000x".
const (
	Once    Repeat = "once"    // the first time, then all is well
	Always  Repeat = "always"  // every attempt
	Backend Repeat = "backend" // every attempt at one address; another is healthy
)

// Bound returns how often a fault may strike; 0 is without bound.
func (r Repeat) Bound() (int, error) {
	switch r {
	case Once:
		return 1, nil
	case Always, Backend:
		return 0, nil
	}
	text, counted := strings.CutSuffix(string(r), "x")
	n, err := strconv.Atoi(text)
	if !counted || err != nil || n < 2 || n > maxTimes {
		return 0, fmt.Errorf("repeat is %q: allowed are once, 2x to %dx, always and backend", r, maxTimes)
	}
	return n, nil
}

// maxTimes is beyond what any client retries.
const maxTimes = 1000

// An Operation says what a client may assume of the request.
type Operation string

// The operations of RFC 9110, section 9.2.
const (
	Read       Operation = "read"       // safe: executing it changes nothing
	Idempotent Operation = "idempotent" // executing it twice is like executing it once
	Write      Operation = "write"      // executing it twice does the work twice
)

// Operations returns every operation.
func Operations() []Operation { return []Operation{Read, Idempotent, Write} }

// Check says that there is no such operation.
func (o Operation) Check() error {
	if !slices.Contains(Operations(), o) {
		return fmt.Errorf("operation is %q: allowed are %s", o, Words(Operations()))
	}
	return nil
}

// A Cell is one case of the matrix.
type Cell struct {
	Place     string // the ID of a [Place], or of a byte: see [AtByte]
	Fault     Fault
	Repeat    Repeat
	Operation Operation
}

// ID returns the cell's name, such as P7/rst/once/write. It says everything
// that the cell is, and so does not depend on the other cells.
func (c Cell) ID() string {
	return strings.Join([]string{c.Place, string(c.Fault), string(c.Repeat), string(c.Operation)}, "/")
}

// Matches says whether a cell's name is of a pattern, as of path.Match, in which
// rst stands for data-rst and read-rst, too: what was written of rst is of both.
func Matches(pattern, id string) bool {
	if matched, _ := path.Match(pattern, id); matched {
		return true
	}
	parts := strings.Split(id, "/")
	if len(parts) != 4 || !slices.Contains([]Fault{DataRST, ReadRST}, Fault(parts[1])) {
		return false
	}
	parts[1] = string(RST)
	matched, _ := path.Match(pattern, strings.Join(parts, "/"))
	return matched
}

// ParseCell reads a cell's name. The error says which part is wrong and what
// is allowed; whether a protocol has the place is checked by audit.Run.
func ParseCell(id string) (Cell, error) {
	parts := strings.Split(id, "/")
	if len(parts) != 4 || parts[0] == "" {
		return Cell{}, fmt.Errorf("cell %q: want PLACE/FAULT/REPEAT/OPERATION, such as P7/rst/once/write", id)
	}
	c := Cell{parts[0], Fault(parts[1]), Repeat(parts[2]), Operation(parts[3])}
	if err := c.Check(); err != nil {
		return Cell{}, fmt.Errorf("cell %q: %w", id, err)
	}
	return c, nil
}

// Check says which part of the cell there is not.
func (c Cell) Check() error {
	_, err := c.Repeat.Bound()
	return cmp.Or(c.Fault.Check(), err, c.Operation.Check())
}

// Words writes names as messages list them.
func Words[S ~string](list []S) string {
	var text []string
	for _, s := range list {
		text = append(text, string(s))
	}
	return strings.Join(text, ", ")
}

// AtByte is the place behind the n-th byte that passes toward an end, counted
// over the whole connection: at 0 its first byte is withheld.
func AtByte(toward harness.End, n int64) string {
	return fmt.Sprintf("%s@%d", toward, n)
}

// ParseByte undoes AtByte.
func ParseByte(place string) (toward harness.End, n int64, ok bool) {
	end, text, found := strings.Cut(place, "@")
	toward = harness.End(end)
	if !found || toward != harness.Client && toward != harness.Server {
		return "", 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return toward, n, err == nil && n >= 0
}
