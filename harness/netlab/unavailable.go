package netlab

import "github.com/resetlab/resetlab/harness/netlab/internal/keeper"

// ErrUnavailable is wrapped by the errors that say that this machine does not
// give private networks, or a feature of them, and what would give it.
var ErrUnavailable = keeper.ErrUnavailable
