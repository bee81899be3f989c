// Package servers holds toy servers, one a file, each named for how it ends a
// connection. Most are a lab.Handler; those that need the listener itself
// start with a constructor and are a lab.Server.
package servers
