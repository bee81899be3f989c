package run

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// connectRaw is connect(2) with an address of any family.
func connectRaw(fd int, address []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&address[0])), uintptr(len(address)))
	if errno != 0 {
		return errno
	}
	return nil
}

// messageFlags are the flags of recv(2) and send(2) by their names in scripts.
var messageFlags = map[string]int{
	"peek": unix.MSG_PEEK, "dontwait": unix.MSG_DONTWAIT, "waitall": unix.MSG_WAITALL, "oob": unix.MSG_OOB,
	"trunc": unix.MSG_TRUNC, "errqueue": unix.MSG_ERRQUEUE, "nosignal": unix.MSG_NOSIGNAL, "more": unix.MSG_MORE,
	"zerocopy": unix.MSG_ZEROCOPY,
}

func flagsOf(call script.Call) (flags int) {
	for _, name := range call.Flags {
		flags |= messageFlags[name]
	}
	return flags
}

// transfer moves bytes.
func (c *course) transfer(call script.Call, e *end) (number uintptr, do func() script.Result) {
	fd, flags := e.fd, flagsOf(call)
	switch call.Verb {
	case script.Read:
		return unix.SYS_READ, func() script.Result {
			buffer := make([]byte, call.N)
			n, err := sysRead(fd, buffer)
			return received(buffer, n, err)
		}
	case script.Recv:
		return unix.SYS_RECVFROM, func() script.Result { return receive(fd, call, flags) }
	case script.Write:
		bytes := call.Bytes()
		return unix.SYS_WRITE, func() script.Result { return moved(call, sent(unix.Write(fd, bytes))) }
	case script.Send:
		bytes := call.Bytes()
		if call.Has("zerocopy") {
			c.kept = append(c.kept, bytes) // the kernel reads it until it is acknowledged
		}
		return unix.SYS_SENDTO, func() script.Result { return moved(call, send(fd, bytes, flags)) }
	case script.Sendfile:
		return unix.SYS_SENDFILE, func() script.Result { return moved(call, sendfile(fd, call)) }
	}
	return unix.SYS_SPLICE, func() script.Result { return splice(fd, call) }
}

// moved notes how much was to be moved.
func moved(call script.Call, r script.Result) script.Result {
	r.Asked = call.Asked()
	return r
}

func sent(n int, err error) script.Result { return counted(n, err) }

// start is where bytes begin; of none it is somewhere.
func start(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return unsafe.Pointer(new(byte))
	}
	return unsafe.Pointer(&bytes[0])
}

// sysRead is read(2), also of no bytes.
func sysRead(fd int, buffer []byte) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_READ, uintptr(fd), uintptr(start(buffer)), uintptr(len(buffer)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// received is the result of reading.
func received(buffer []byte, n int, err error) script.Result {
	switch {
	case err != nil:
		r := failure(err)
		r.Asked = len(buffer)
		return r
	case n == 0 && len(buffer) > 0:
		return script.Result{Kind: script.EOF, Asked: len(buffer)}
	}
	return script.Result{Kind: script.Data, Data: string(buffer[:n]), Count: n, Asked: len(buffer)}
}

// receive is recv(2). Of the error queue it counts, and so it does of bytes that
// MSG_TRUNC throws away (tcp(7)).
func receive(fd int, call script.Call, flags int) script.Result {
	buffer := make([]byte, call.N)
	n, errno := recvfrom(fd, buffer, flags)
	if errno == nil && (call.Has("errqueue") || call.Has("trunc")) {
		if n == 0 && call.N > 0 && !call.Has("errqueue") {
			return script.Result{Kind: script.EOF, Asked: call.N}
		}
		return script.Result{Kind: script.Count, Count: n, Asked: call.N}
	}
	return received(buffer, n, errno)
}

func recvfrom(fd int, buffer []byte, flags int) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(start(buffer)), uintptr(len(buffer)),
		uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// send is send(2).
func send(fd int, bytes []byte, flags int) script.Result {
	if flags&unix.MSG_ZEROCOPY != 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ZEROCOPY, 1); err != nil {
			return failure(err)
		}
	}
	n, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(start(bytes)), uintptr(len(bytes)),
		uintptr(flags), 0, 0)
	if errno != 0 {
		return failure(errno)
	}
	return counted(int(n), nil)
}

// sendfile sends from a file of that many bytes.
func sendfile(fd int, call script.Call) script.Result {
	file, err := unix.MemfdCreate("script", unix.MFD_CLOEXEC)
	if err != nil {
		return script.Result{Kind: script.Unknown, Word: os.NewSyscallError("memfd_create", err).Error()}
	}
	defer unix.Close(file)
	if _, err := unix.Pwrite(file, call.Bytes(), 0); err != nil {
		return script.Result{Kind: script.Unknown, Word: os.NewSyscallError("pwrite", err).Error()}
	}
	return counted(unix.Sendfile(fd, file, nil, call.N))
}

// splice moves bytes between the socket and a pipe.
func splice(fd int, call script.Call) script.Result {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return script.Result{Kind: script.Unknown, Word: os.NewSyscallError("pipe2", err).Error()}
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	if size, err := unix.FcntlInt(uintptr(pipe[0]), unix.F_GETPIPE_SZ, 0); err == nil && call.N > size {
		return script.Result{Kind: script.Unknown, Word: fmt.Sprintf("a pipe has room for %d bytes", size)}
	}
	from, to := fd, pipe[1]
	if call.How == "out" {
		if _, err := unix.Write(pipe[1], call.Bytes()); err != nil {
			return script.Result{Kind: script.Unknown, Word: os.NewSyscallError("write", err).Error()}
		}
		from, to = pipe[0], fd
	}
	n, err := unix.Splice(from, nil, to, nil, call.N, 0)
	if err == nil && n == 0 && call.N > 0 && call.How == "in" {
		return script.Result{Kind: script.EOF, Asked: call.N}
	}
	return moved(call, counted(int(n), err))
}
