// Package terminal is what the command line knows of the streams that it
// writes to: whether a person looks at one, whether what was written arrived,
// and how text of foreign origin is made fit for it.
package terminal
