//go:build !linux

package cli_test

import "github.com/resetlab/resetlab/harness/netlab"

func closeNetwork(*netlab.Network) error { return nil }
