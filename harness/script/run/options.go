package run

import (
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/script"
)

// Options say how to run scripts. The zero value is good.
type Options struct {
	// Evidence says that each run is recorded: what was on the wire, and what the
	// kernel said. A script that asks for the wire or for the kernel's reason is
	// recorded anyway.
	Evidence bool
	// Lanes are what to record with. Nil: the runner opens its own when it needs
	// them, which takes tens of milliseconds, and closes them.
	Lanes *capture.Lanes
	// Bound is how long one script may take in all. Zero means a minute.
	Bound time.Duration
	// Line, if not nil, is called with each line and what came of it as soon as
	// that is known. Results of the wire and the kernel are Unknown then; the
	// Answer has them.
	Line func(script.Step)
}

// A Result is what came of a run.
type Result struct {
	Answer    script.Answer
	Recording *evidence.Recording // nil if nothing was recorded
}
