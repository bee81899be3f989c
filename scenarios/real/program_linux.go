package real

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A starter is start or trace.
type starter func(SpecContext, *lab.Host, program.Recipe) *lab.Program

// start starts a program at a host, or skips the spec where it cannot run.
func start(ctx SpecContext, h *lab.Host, r program.Recipe) *lab.Program {
	GinkgoHelper()
	p, err := h.Run(ctx, r)
	Available(err)
	return p
}

// trace is start below strace, where that is installed: what the program calls on
// its connections is in the recording.
func trace(ctx SpecContext, h *lab.Host, r program.Recipe) *lab.Program {
	GinkgoHelper()
	p, err := h.Trace(ctx, r)
	Available(err)
	return p
}

// said runs a command to its end at a host, and returns its exit status and what
// it said, without the end of its last line.
func said(ctx SpecContext, h *lab.Host, name string, args ...string) (status int, text string) {
	GinkgoHelper()
	recipe := tools[name].recipe
	recipe.Command = func(program.Place) (program.Command, error) { return program.Command{Args: args}, nil }
	p := start(ctx, h, recipe)
	status, err := p.Exit(ctx)
	Expect(err).NotTo(HaveOccurred())
	p.Err() // its failure is known
	return status, strings.TrimSuffix(p.Text(), "\n")
}

// awaitLine waits for a line that begins so, and returns it.
func awaitLine(ctx SpecContext, p *lab.Program, prefix string) string {
	GinkgoHelper()
	line, err := p.AwaitLine(ctx, func(l program.Line) bool { return strings.HasPrefix(l.Text, prefix) })
	Expect(err).NotTo(HaveOccurred())
	return line.Text
}

// called tells what a host called on a connection, as "write: 22 bytes".
func called(r *evidence.Recording, host string, flow int) (calls []string) {
	for _, e := range r.Events {
		if e.Call != nil && e.Host == host && e.Flow == flow {
			calls = append(calls, e.Call.Call.String())
		}
	}
	return calls
}

// delayedACK is the least time after which a kernel that was asked not to
// acknowledge at once does so by its timer (TCP_DELACK_MIN, include/net/tcp.h).
// After a SYN ACK Linux waits longer, for 200 ms (tcp_rcv_synsent_state_process).
const delayedACK = 40 * time.Millisecond

// ackedByTimer says whether the kernel has completed a connection's handshake by
// a delayed ACK, because the client was not run before that to reset it.
func ackedByTimer(r *evidence.Recording, flow int) bool {
	var segments []evidence.Event
	for _, e := range r.Events {
		if e.Packet != nil && e.Flow == flow {
			segments = append(segments, e)
		}
	}
	return len(segments) > 2 && segments[2].Packet.Flags == "ACK" && segments[2].At-segments[1].At >= delayedACK
}

// wire tells the segments of a connection, which are in order of their first, as
// "client SYN". Where no packets are captured it returns what was expected.
func wire(r *evidence.Recording, flow int, expected ...string) []string {
	if r.Lacks(evidence.Wire) {
		return expected
	}
	var segments []string
	for _, e := range r.Events {
		if e.Packet != nil && e.Flow == flow {
			segments = append(segments, e.Host+" "+e.Packet.Flags)
		}
	}
	return segments
}
