// Package isolation has no code of its own. Its tests run all of the scenarios
// as a child process and look at them from outside: what they need of the
// machine, what they do to it, and whether they mind each other.
package isolation
