package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// attach lets only TCP from and to these addresses pass to a packet socket of
// type SOCK_DGRAM, cut to snapLength; all of IPv4 if one of them is not valid.
// Of IPv6 all passes if one of them is of IPv6: the loopback has one address.
func attach(socket int, ips []netip.Addr) error {
	program, err := bpf.Assemble(filter(ips))
	if err != nil {
		return fmt.Errorf("assemble the filter: %w", err)
	}
	var code []unix.SockFilter
	for _, i := range program {
		code = append(code, unix.SockFilter{Code: i.Op, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	fprog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(socket, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog); err != nil {
		return fmt.Errorf("attach the filter: %w", err)
	}
	return nil
}

// filter is the program in the language of bpf(4). Offsets count from the IP
// header on.
func filter(ips []netip.Addr) []bpf.Instruction {
	const (
		protocol4, source4, destination4 = 9, 12, 16
		protocol6                        = 6
	)
	pass := bpf.RetConstant{Val: snapLength}
	drop := bpf.RetConstant{Val: 0}
	code := []bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtProto}}
	var six bool
	var four []bpf.Instruction
	for _, ip := range ips {
		if !ip.IsValid() {
			four = append(four, pass)
			continue
		}
		if ip.Is6() {
			six = true
			continue
		}
		value := binary.BigEndian.Uint32(ip.AsSlice())
		for _, offset := range []uint32{source4, destination4} {
			four = append(four, bpf.LoadAbsolute{Off: offset, Size: 4},
				bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: value, SkipTrue: 1}, pass)
		}
	}
	if six {
		code = append(code, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IPV6, SkipTrue: 4},
			bpf.LoadAbsolute{Off: protocol6, Size: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_TCP, SkipTrue: 1}, pass, drop)
	}
	code = append(code,
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IP, SkipTrue: 1}, drop,
		bpf.LoadAbsolute{Off: protocol4, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.IPPROTO_TCP, SkipTrue: 1}, drop)
	return append(append(code, four...), drop)
}
