// Package clients holds clients, one a file, each named for what it does; each
// returns what it saw.
package clients
