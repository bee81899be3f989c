// Package keeper is the process behind a private network: the running binary,
// executed again in a network namespace of its own, which makes the hosts and
// acts in them.
//
//	parent                        keeper
//	  Start          ── clone ──▶   is this namespace mine?
//	                 ◀── ready ───
//	  Open(host, Socket{…}) ────▶   socket(2) on the thread of the host
//	                 ◀─ SCM_RIGHTS
//	  Close          ── EOF ────▶   exit, and the namespaces are gone
//
// End of file is also what the keeper reads when the parent was killed.
//
// Its init function turns the process into a keeper. Go initializes a package
// as soon as what it imports is: importing little, this one comes before
// net/http, Prometheus and all that a test binary has besides.
package keeper

import "errors"

// ErrUnavailable is netlab.ErrUnavailable.
var ErrUnavailable = errors.New("not available here")
