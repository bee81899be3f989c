//go:build !unix

package program

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// terminate kills the program: there is no milder way.
func terminate(leader *os.Process) { leader.Kill() }

// killGroup does nothing: there is no group to find a program's children by.
func killGroup(int) bool { return false }
