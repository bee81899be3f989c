// Package cli is the command line of resetlab, one command a file.
package cli
