package audit

import (
	"context"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// An injector stands between the client of one cell and the origin, and strikes
// there: a proxy of this process, or one at a toxiproxy-server. What it cannot
// see it leaves out: no verdict follows from that.
type injector interface {
	// open begins to listen for the client, and says where.
	open(ctx context.Context) (Target, error)
	// accepted gets a value when a client has connected. Nil: that is not seen.
	accepted() <-chan struct{}
	// arm strikes a call from now on, or at once where the place is before the
	// call. It calls tooMany when the client makes more attempts than allowed.
	arm(ctx context.Context, c Call, tooMany context.CancelFunc) error
	// begins notes that the client begins with the call only now: it had to be
	// loaded first.
	begins()
	// tries returns the attempts that the client has made so far.
	tries(ctx context.Context) (tries, error)
	// disarm ends the striking when the call is over, notes in o how long the
	// client took, and returns the card of what was on the wire, if it is recorded.
	disarm(ctx context.Context, o *observation) (card string, err error)
	// heal prepares for one more call, with nothing in its way. succeeded says
	// whether the client reported success of the call before.
	heal(ctx context.Context, succeeded bool) error
	// followed says what was wrong with that call, which succeeded or not, and what
	// the call went over, if that was seen.
	followed(ctx context.Context, c Call, succeeded bool, failure error) (wrong error, over string, err error)
	// awaitEnds waits until the client's connections have ended, so that all that
	// it sent has passed, or the context ends.
	awaitEnds(ctx context.Context)
	// close ends everything, where letPass after what the client has sent has
	// passed. Closing again does nothing.
	close(letPass bool) error
	// settle waits until the origin is done with the cell's connections.
	settle(ctx context.Context, origin settler) error
	// forget has the origin forget calls.
	forget(origin settler, calls []Call)
	// result enters what the fault did, when everything is closed. An error says
	// that it did not strike as it should.
	result(ctx context.Context, o *observation, r *verdict.Result) error
	// retry says whether the cell has to be run once more, for want of something
	// that it waits for.
	retry(ctx context.Context) (again bool, err error)
	// rehearse has it strike nothing and note what passes. It is called before open.
	rehearse()
	// visited enters which places the call came by. It may close the client's
	// connections.
	visited(ctx context.Context, r *Rehearsal) error
}
