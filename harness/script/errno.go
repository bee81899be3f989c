package script

import "slices"

// An Errno is an error of the kernel by its name in errno(3), such as
// "ECONNRESET". The empty Errno is none.
type Errno string

// errnos are the errors that calls on a TCP socket can give (the ERRORS of
// their pages in section 2 of the manual, and tcp(7)), in the alphabet's order.
var errnos = []string{
	"EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EALREADY", "EBADF", "EBUSY", "ECONNABORTED",
	"ECONNREFUSED", "ECONNRESET", "EDESTADDRREQ", "EDOM", "EEXIST", "EFAULT", "EHOSTDOWN", "EHOSTUNREACH",
	"EINPROGRESS", "EINTR", "EINVAL", "EIO", "EISCONN", "ELOOP", "EMFILE", "EMSGSIZE", "ENETDOWN", "ENETRESET",
	"ENETUNREACH", "ENFILE", "ENOBUFS", "ENOENT", "ENOMEM", "ENOPROTOOPT", "ENOSYS", "ENOTCONN", "ENOTSOCK",
	"EOPNOTSUPP", "EPERM", "EPIPE", "EPROTO", "EPROTONOSUPPORT", "ESHUTDOWN", "ESPIPE", "ETIMEDOUT",
}

// errnoOf finds an error by its name. EWOULDBLOCK is another name of EAGAIN,
// and ENOTSUP of EOPNOTSUPP, on Linux (errno(3)).
func errnoOf(name string) (Errno, bool) {
	switch name {
	case "EWOULDBLOCK":
		return "EAGAIN", true
	case "ENOTSUP":
		return "EOPNOTSUPP", true
	}
	_, found := slices.BinarySearch(errnos, name)
	return Errno(name), found
}
