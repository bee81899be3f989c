package netlab

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Forge sends a segment from the host as it is, whoever it claims to come
// from (raw(7), IP_HDRINCL). It passes the host's own firewall at output.
func (h *Host) Forge(s Segment) error {
	packet, err := s.MarshalBinary()
	if err != nil {
		return fmt.Errorf("%s: forge: %w", h.name, err)
	}
	fd, err := h.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW)
	if err != nil {
		return fmt.Errorf("forge: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: s.Destination.Addr().As4()}); err != nil {
		return fmt.Errorf("%s: forge %v: %w", h.name, s, os.NewSyscallError("sendto", err))
	}
	return nil
}
