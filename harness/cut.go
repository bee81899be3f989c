package harness

import (
	"fmt"
	"math"
	"time"
)

// An End is one of the two ends of a proxied connection.
type End string

// The ends.
const (
	Client End = "client"
	Server End = "server"
)

// An Action is what a [Cut] gives to an end.
type Action string

// The actions.
const (
	SendReset    Action = "reset"          // a RST (RFC 9293, section 3.10.7)
	SendFIN      Action = "fin"            // a FIN; what the end sends afterwards is swallowed
	FINThenReset Action = "fin-then-reset" // a FIN, and a RST to what the end sends afterwards
	// Silence is that nothing comes any more, and that what the end sends is
	// swallowed. The connection is not over until the end resets it or the proxy
	// is closed.
	Silence Action = "silence"
)

// ending is how the end that gets the action sees its connection end.
func (a Action) ending() Ending {
	switch a {
	case SendFIN:
		return Finished
	case FINThenReset:
		return BrokenPipe
	case Silence:
		return Open
	}
	return Reset
}

// A Selection says which connections a [Cut] concerns. Its zero value is every
// connection, those that are open already included.
type Selection struct {
	kind selectionKind
	n    int
}

type selectionKind int

const (
	everyConnection selectionKind = iota
	nextConnection
	nthConnection
)

// Next selects the connection that the proxy accepts next after the cut was armed.
func Next() Selection { return Selection{kind: nextConnection} }

// Nth selects the n-th connection that the proxy accepts in its life; the
// first is 1. An n below 1 is refused where the cut is armed.
func Nth(n int) Selection { return Selection{kind: nthConnection, n: n} }

// maxAfter bounds Cut.After so that no sum of byte counts can overflow.
const maxAfter = math.MaxInt64 / 2

// A Cut ends proxied connections at an exact byte of one direction.
//
// The bytes before the cut reach the end that they go to, also when it reads
// late or slowly: a reset waits until that end's kernel has them (see
// [Options.DrainTimeout]). What the other direction has already passed on is
// treated alike.
type Cut struct {
	// Toward is the end whose incoming bytes are counted: Client or Server.
	// It may be left out when Now is set.
	Toward End
	// After is how many bytes still pass in that direction, counted from the
	// moment the cut was armed, or from the connection's start if that is
	// later. The cut strikes as soon as they have passed. At 0 it strikes when
	// the first byte comes, which is withheld: an idle connection lives on.
	After int64
	// FromStart counts After from the connection's first byte also on a
	// connection that was open when the cut was armed. Where just as many
	// bytes have passed already, the cut strikes when the next one comes;
	// where more have, it cannot strike.
	FromStart bool
	// Now strikes at once, on the open connections selected by On, idle or
	// not. After, FromStart and Times must be zero.
	Now bool
	// With is what the end named by Toward gets. Zero means SendReset.
	With Action
	// Half ends one direction only: the end named by Toward gets a FIN, what
	// comes for it is thrown away, and what it sends is passed on. With and
	// Opposite must be zero, and Now is not allowed.
	Half bool
	// Hold is how long both ends get silence before they get their endings.
	// Zero means none. It does not go with Half.
	Hold time.Duration
	// Insert is what the client gets from the proxy itself, behind all that has
	// passed to it and before its ending: what a server would say in farewell.
	// It is not counted anywhere, and does not go with Half.
	Insert string
	// Opposite is what the other end gets. Zero means the same as With, as
	// from a device between the two.
	Opposite Action
	// On says which connections are concerned. Zero means every one.
	On Selection
	// Times bounds how often the cut strikes; each connection is struck at
	// most once. Zero means without bound.
	Times int
}

// String describes the cut in a phrase.
func (c Cut) String() string {
	when := fmt.Sprintf("after %d bytes toward the %s", c.After, c.Toward)
	if c.After == 1 {
		when = fmt.Sprintf("after 1 byte toward the %s", c.Toward)
	}
	if c.Now {
		when = "now"
	}
	if c.Half {
		return fmt.Sprintf("cut %s: FIN in this direction", when)
	}
	if c.with() == c.opposite() {
		return fmt.Sprintf("cut %s: %s to both", when, c.with())
	}
	return fmt.Sprintf("cut %s: %s, %s to the other end", when, c.with(), c.opposite())
}

func (c Cut) with() Action {
	if c.With == "" {
		return SendReset
	}
	return c.With
}

func (c Cut) opposite() Action {
	if c.Opposite == "" {
		return c.with()
	}
	return c.Opposite
}

// check says which field is wrong and what is allowed there.
func (c Cut) check() error {
	switch {
	case c.Toward != Client && c.Toward != Server && (c.Toward != "" || !c.Now):
		return fmt.Errorf("cut: Toward is %q: allowed are harness.Client and harness.Server", c.Toward)
	case c.After < 0 || c.After > maxAfter:
		return fmt.Errorf("cut: After is %d: allowed are 0 to %d bytes", c.After, int64(maxAfter))
	case c.Times < 0:
		return fmt.Errorf("cut: Times is %d: allowed are 0 (without bound) and more", c.Times)
	case c.On.kind == nthConnection && c.On.n < 1:
		return fmt.Errorf("cut: On is connection %d: the first connection is 1", c.On.n)
	case c.Now && (c.After != 0 || c.FromStart || c.Times != 0):
		return fmt.Errorf("cut: Now goes with neither After, FromStart nor Times")
	case c.Hold < 0:
		return fmt.Errorf("cut: Hold is %v: allowed are 0 (no silence) and more", c.Hold)
	case c.Half && c.Hold > 0:
		return fmt.Errorf("cut: Half does not go with Hold")
	case c.Half && c.Insert != "":
		return fmt.Errorf("cut: Half does not go with Insert")
	case c.Half && (c.Now || c.With != "" || c.Opposite != ""):
		return fmt.Errorf("cut: Half is a FIN in one direction, and goes with neither With, Opposite nor Now")
	case c.Now && c.On.kind == nextConnection:
		return fmt.Errorf("cut: Now strikes open connections: On may be every or an Nth, not the next")
	}
	for _, field := range []struct {
		name   string
		action Action
	}{{"With", c.With}, {"Opposite", c.Opposite}} {
		switch field.action {
		case "", SendReset, SendFIN, FINThenReset, Silence:
		default:
			return fmt.Errorf("cut: %s is %q: allowed are SendReset, SendFIN, FINThenReset and Silence",
				field.name, field.action)
		}
	}
	return nil
}
