// Package recipes has the programs of packages that are ends of connections in
// ResetLab's scenarios, as values for [lab.Host.Run]:
//
//	server, err := l.Host("server").Run(ctx, recipes.SSHD(recipes.Server{Options: []string{"MaxStartups 1:100:1"}}))
//
// Nothing of a program is configured that a scenario does not need: what it does
// then is what its package's users see. None of them reads or writes what is the
// machine's, but for the program itself and what it is linked with.
//
// [lab.Host.Run]: https://pkg.go.dev/github.com/resetlab/resetlab/harness/lab#Host.Run
package recipes
