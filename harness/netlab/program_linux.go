package netlab

import "os"

// Fork makes a Host a program.Namespace, so that programs can run on it:
//
//	s, err := program.Supervise(ctx, program.Options{Namespace: host})
//
// The programs live on when the network is closed; close their supervisor first.
func (h *Host) Fork(name string, env []string, flags uintptr, control *os.File) (wait func(), err error) {
	return h.network.keeper.Fork(h.name, name, env, flags, control)
}
