package capture

// A Namespace is a network namespace that lets itself be watched, as those of
// the hosts of a netlab do.
type Namespace interface {
	// Socket opens a socket there, as socket(2) does.
	Socket(domain, kind, protocol int) (int, error)
	// Counters returns what the kernel has counted there.
	Counters() (map[string]int64, error)
}
