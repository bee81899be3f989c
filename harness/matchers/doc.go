// Package matchers holds Gomega matchers over the outcomes of a lab.
//
//	Expect(saw).To(EndIn("read", harness.Reset))
//	Expect(saw).To(EndIn("write", harness.Reset).Then("write", harness.BrokenPipe))
//
// What a failure prints says what was wanted, what came, and every call.
package matchers
