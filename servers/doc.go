// Package servers holds toy servers, one a file, each named for how it ends a
// connection: a lab.Handler, or a lab.Server where the listener itself is needed.
package servers
