// Package program runs any program as an end of a connection: starts it, waits
// until it is ready, stops it, and leaves nothing of it behind, however this
// process ends.
//
//	s, err := program.Supervise(ctx, program.Options{})
//	defer s.Close() // kills what is left, and removes the directory
//	server, err := s.Start(ctx, program.Command{Args: []string{"redis-server", "--port", "7000"}})
//	err = server.AwaitListening(ctx, netip.MustParseAddrPort("127.0.0.1:7000"))
//
// On Linux the running binary is executed again as the [Supervisor]'s process,
// before its main function; it starts the programs. Where the process may, as
// root or in a user namespace, that is the init of a PID namespace, with a /proc
// and shared memory of its own: with it the kernel ends all that is below.
// Elsewhere it is a sub-reaper (PR_SET_CHILD_SUBREAPER), to which every
// descendant falls that loses its parent; shared memory then stays. It ends when
// its control socket does: by Close, or because this process was killed. No
// descendant escapes by forking twice, by clearing its environment, or by
// ignoring signals.
//
// What differs below an init: it is process 1, and the parent of a program;
// shared memory is shared only below it; in a user namespace no set-user-ID bit
// counts, and other users' names are nobody. Only root can run a program as
// somebody else.
//
// On other systems a program is in a process group of its own, or on Windows
// alone: what leaves that escapes, and so does everything when this process is
// killed.
package program
