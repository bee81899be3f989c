//go:build unix

package suite

import "syscall"

// ownGroup keeps the child out of the terminal's foreground group: an
// interrupt typed there is for the parent, which stops the round.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
