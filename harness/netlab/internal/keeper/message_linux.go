package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A request asks for an action on a host. The keeper's own scratch namespace
// is the host with the empty name.
type request struct {
	Action    string          `json:"action"`
	Host      string          `json:"host"`
	Arguments json.RawMessage `json:"arguments"`
}

// A response is the keeper's answer.
type response struct {
	Result      json.RawMessage `json:"result,omitempty"`
	Error       string          `json:"error,omitempty"`
	Errno       syscall.Errno   `json:"errno,omitempty"` // behind Error; 0 if there is none
	Unavailable bool            `json:"unavailable,omitempty"`
	More        bool            `json:"more,omitempty"` // it only brings a descriptor; the answer follows
}

// respond turns the result of an action into a response.
func respond(result any, err error) response {
	if err == nil {
		var text []byte
		if text, err = json.Marshal(result); err == nil {
			return response{Result: text}
		}
	}
	r := response{Error: err.Error(), Unavailable: errors.Is(err, ErrUnavailable)}
	errors.As(err, &r.Errno)
	return r
}

// remoteError is an error that happened in the keeper. errors.Is finds what
// was behind it as if it had happened here.
type remoteError struct {
	host string
	response
}

func (e *remoteError) Error() string {
	if e.host == "" {
		return e.response.Error
	}
	return e.host + ": " + e.response.Error
}

func (e *remoteError) Unwrap() []error {
	var behind []error
	if e.Errno != 0 {
		behind = append(behind, e.Errno)
	}
	if e.Unavailable {
		behind = append(behind, ErrUnavailable)
	}
	return behind
}

// maxMessage bounds a message. The longest is /proc/net/netstat.
const maxMessage = 1 << 16

// A channel carries messages, each with at most one descriptor, over a socket
// of type SOCK_SEQPACKET.
type channel struct {
	socket int
	buffer []byte
}

func newChannel(socket int) *channel {
	return &channel{socket: socket, buffer: make([]byte, maxMessage)}
}

// send sends a message and, unless fd is negative, hands over fd.
func (c *channel) send(message any, fd int) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	if len(text) > maxMessage {
		return fmt.Errorf("a message has %d bytes: at most %d fit", len(text), maxMessage)
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	for {
		err := unix.Sendmsg(c.socket, text, rights, nil, unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return os.NewSyscallError("sendmsg", err)
		}
	}
}

// errDescriptorLost says that a message came without its descriptor, because
// this process may not have more of them (unix(7), MSG_CTRUNC).
var errDescriptorLost = fmt.Errorf("take over a descriptor: %w", syscall.EMFILE)

// receive reads a message and returns the descriptor that came with it, or -1.
// The other side's end is io.EOF.
func (c *channel) receive(message any) (fd int, err error) {
	control := make([]byte, unix.CmsgSpace(4))
	var n, controlled, flags int
	for {
		n, controlled, flags, _, err = unix.Recvmsg(c.socket, c.buffer, control, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	switch {
	case err != nil:
		return -1, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return -1, io.EOF
	}
	if fd, err = descriptorIn(control[:controlled]); err != nil {
		return -1, err
	}
	if err := json.Unmarshal(c.buffer[:n], message); err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		return -1, fmt.Errorf("decode a message: %w", err)
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return -1, errDescriptorLost
	}
	return fd, nil
}

// descriptorIn returns the descriptor in a control message, or -1.
func descriptorIn(control []byte) (int, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return -1, os.NewSyscallError("parse a control message", err)
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return -1, os.NewSyscallError("parse handed over descriptors", err)
		}
		if len(fds) == 1 {
			return fds[0], nil
		}
	}
	return -1, nil
}
