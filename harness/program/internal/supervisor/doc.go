// Package supervisor is the process above programs: the running binary,
// executed again, which starts them, reaps what they leave, and takes all of it
// along when its control socket ends.
//
//	parent                               supervisor
//	  Options in the environment ─clone─▶  init of a PID namespace, or sub-reaper
//	                             ◀─ Ready ─  the private directory
//	  Start, descriptors ────────────────▶  fork, setsid, exec
//	                             ◀ Started ─  pidfd
//	                             ◀ Exited ──  status
//	  Stop ──────────────────────────────▶  SIGTERM, grace, SIGTERM, SIGKILL
//	                             ◀ Stopped ─  how many were killed
//	  end of file, or kill -9 ───────────▶  kill all, remove the directory, exit
//
// Its init function turns the process into a supervisor. A program waits until
// that is done: the package imports little, because Go initializes a package as
// soon as its imports are, and thus this one before net/http and the like.
package supervisor
