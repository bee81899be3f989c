// Package daemon starts the servers of Debian's packages for the audits: each
// in a directory of its own, on a free port of the loopback, without
// privileges, and ended with the spec.
package daemon
