package lab

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

func tcpInfo(conn *net.TCPConn) (Info, error) {
	var told *unix.TCPInfo
	err := control(conn, "getsockopt", func(fd int) (err error) {
		told, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	if err != nil {
		return Info{}, fmt.Errorf("ask for TCP_INFO: %w", err)
	}
	return Info{
		State:          stateName(told.State),
		DataSegmentsIn: int(told.Data_segs_in),
		SegmentsIn:     int(told.Segs_in),
		Retransmitted:  int(told.Total_retrans),
	}, nil
}

// stateName names a state of include/net/tcp_states.h.
func stateName(state uint8) string {
	names := map[uint8]string{
		unix.BPF_TCP_ESTABLISHED: "ESTABLISHED",
		unix.BPF_TCP_SYN_SENT:    "SYN_SENT",
		unix.BPF_TCP_SYN_RECV:    "SYN_RECV",
		unix.BPF_TCP_FIN_WAIT1:   "FIN_WAIT1",
		unix.BPF_TCP_FIN_WAIT2:   "FIN_WAIT2",
		unix.BPF_TCP_TIME_WAIT:   "TIME_WAIT",
		unix.BPF_TCP_CLOSE:       "CLOSE",
		unix.BPF_TCP_CLOSE_WAIT:  "CLOSE_WAIT",
		unix.BPF_TCP_LAST_ACK:    "LAST_ACK",
		unix.BPF_TCP_LISTEN:      "LISTEN",
		unix.BPF_TCP_CLOSING:     "CLOSING",
	}
	if name, ok := names[state]; ok {
		return name
	}
	return fmt.Sprintf("state %d", state)
}
