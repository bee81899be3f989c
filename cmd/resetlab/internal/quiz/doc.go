// Package quiz asks what an end of a connection sees before it shows it.
//
// A question belongs to a spec. It has no stored answer: what is right is what
// the recording of a run observed, so that a recording from another system is
// judged by what happened there. The other choices are what another system
// does or a book says, which makes a wrong answer worth something.
package quiz
