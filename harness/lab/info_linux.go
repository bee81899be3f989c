package lab

import (
	"fmt"
	"net"

	"github.com/resetlab/resetlab/harness/tcp"
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
func stateName(state uint8) tcp.State {
	names := map[uint8]tcp.State{
		unix.BPF_TCP_ESTABLISHED: tcp.StateEstablished,
		unix.BPF_TCP_SYN_SENT:    tcp.StateSynSent,
		unix.BPF_TCP_SYN_RECV:    tcp.StateSynReceived,
		unix.BPF_TCP_FIN_WAIT1:   tcp.StateFinWait1,
		unix.BPF_TCP_FIN_WAIT2:   tcp.StateFinWait2,
		unix.BPF_TCP_TIME_WAIT:   tcp.StateTimeWait,
		unix.BPF_TCP_CLOSE:       tcp.StateClosed,
		unix.BPF_TCP_CLOSE_WAIT:  tcp.StateCloseWait,
		unix.BPF_TCP_LAST_ACK:    tcp.StateLastAck,
		unix.BPF_TCP_LISTEN:      tcp.StateListen,
		unix.BPF_TCP_CLOSING:     tcp.StateClosing,
	}
	if name, ok := names[state]; ok {
		return name
	}
	return tcp.State(fmt.Sprintf("state %d", state))
}
