// Package spec has the words in which the specs of scenarios are written: the
// situation that they are of, the lab that they start, what they have measured.
// It is imported with a dot. Importing it also has every spec recorded, and
// fail that leaves a goroutine or a descriptor behind.
package spec
