//go:build !linux

package lab_test

import "github.com/resetlab/resetlab/harness/lab"

// processes are what the test binary can be started as: nothing here.
var processes map[string]lab.ProcessFunc
