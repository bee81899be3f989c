// Package atomicfile replaces files so that whoever opens one finds either all
// of its old content or all of the new.
package atomicfile
