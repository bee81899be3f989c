// Package matchers holds Gomega matchers over the outcomes of a lab and
// over recordings of it.
//
//	Expect(saw).To(EndIn("read", harness.Reset))
//	Expect(saw).To(EndIn("write", harness.Reset).Then("write", harness.BrokenPipe))
//	Expect(recording).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE")))
//	Expect(recording).To(ShowStates("server", "ESTABLISHED", "CLOSE"))
//
// A recording is asked only for what it can know: see [RecordingMatcher].
// What a failure prints says what was wanted, what came, and every call.
package matchers
