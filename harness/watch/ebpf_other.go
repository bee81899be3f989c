//go:build !linux

package watch

import "errors"

func openEBPF(Options) (source, error)     { return nil, errors.New("it is there on Linux alone") }
func openCounters(Options) (source, error) { return nil, errors.New("they are there on Linux alone") }
