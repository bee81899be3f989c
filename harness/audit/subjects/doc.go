// Package subjects makes audit subjects of what many programs use as it is.
package subjects
