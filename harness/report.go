package harness

// A CutReport says what became of one armed [Cut].
type CutReport struct {
	Cut     Cut
	Struck  bool     // whether it struck at all: without this a test proved nothing
	Count   int      // how often it struck
	Strikes []Strike // in the order of striking, the newest if there are more than [Options.Keep]
}

// A Strike is one connection ended by a [Cut].
type Strike struct {
	Connection       int   // which one, counted from 1 in the order of accepting
	At               int64 // bytes passed toward the end named by Cut.Toward, since the connection's start
	Withheld         int64 // bytes of that direction which the proxy held and did not pass on
	WithheldOpposite int64 // the same for the other direction
	// Drained says whether the kernel of each end that got a RST had taken
	// every byte passed to it before the RST was sent. False while it waits.
	Drained bool
	// Undelivered is how many passed bytes were thrown away by a RST: an end
	// took none for a whole DrainTimeout, or it reset the connection itself
	// meanwhile, or the proxy was closed. 0 where Drained.
	Undelivered int64
}

// A Party is one of the four who can end a proxied connection.
type Party string

// The parties.
const (
	ByClient Party = "client"
	ByServer Party = "server"
	ByCut    Party = "cut"   // a Cut struck
	ByProxy  Party = "proxy" // the proxy was closed
)

func (e End) party() Party { return Party(e) }

// A ConnectionReport says what passed over one proxied connection and what
// ended it.
type ConnectionReport struct {
	Number   int      // counted from 1 in the order of accepting
	Client   string   // the client's address
	ToServer int64    // bytes passed on toward the server
	ToClient int64    // bytes passed on toward the client
	EndedBy  Party    // who ended it first; empty while nobody has
	With     Ending   // how: a Finished end may leave the other direction open
	Toxics   []string // the types of the toxics that were drawn for it
	Over     bool     // both ends are closed
	// Drained is false when a RST that the proxy passed on or sent threw away
	// bytes it had already passed (see Strike.Undelivered).
	Drained bool
	// Unread says that the client's RST came of closing with unread data: see
	// Options.Unread.
	Unread bool
}
