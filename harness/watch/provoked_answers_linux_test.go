package watch_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// byAnswer are the ways in which a kernel answers a segment with a RST.
var byAnswer = map[string]provocation{
	"nobody listens": func(s *scene) expected {
		address := s.listener.Addr().String()
		s.must(s.listener.Close())
		if _, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			s.Fatalf("dial: %v", err)
		}
		return expected{kind: watch.Sent, end: address, reason: "NO_SOCKET", causes: []string{"refused"}, sure: true, peer: os.Getpid()}
	},
	"data behind a close": func(s *scene) expected {
		client, server := s.pair()
		s.must(server.Close())
		await(s, client, unix.POLLRDHUP)
		_, err := client.Write([]byte("hello"))
		s.must(err)
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), causes: []string{"wrote-after-close"}, owner: -1,
			peer: os.Getpid()} // the kernel may have made a TIME-WAIT of the socket, or not yet
	},
	"data behind shutdown(SHUT_RDWR)": func(s *scene) expected {
		client, server := s.pair()
		control(s, server, func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RDWR) })
		await(s, client, unix.POLLRDHUP)
		_, err := client.Write([]byte("hello"))
		s.must(err)
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_DATA", was: tcp.StateFinWait2,
			causes: []string{"shutdown-then-data"}, sure: true, owner: os.Getpid(), how: watch.Closed, peer: os.Getpid()}
	},
	"data for a listener": func(s *scene) expected {
		control(s, s.listener, func(fd int) error { return unix.Listen(fd, 7) })
		from := sendStray(s, "hello")
		return expected{kind: watch.Sent, end: s.listener.Addr().String(), remote: from, reason: "TCP_FLAGS", was: tcp.StateListen,
			causes: []string{"restarted"}, owner: os.Getpid(), how: watch.Holds, most: 7, alone: true}
	},
}

// sendStray sends the listener a segment with data from a port that has no
// connection, past the kernel's own TCP, and returns that end. It takes
// CAP_NET_RAW, as watching does.
func sendStray(s *scene, data string) (from string) {
	s.Helper()
	conn, err := net.ListenPacket("ip4:tcp", "127.0.0.1")
	s.must(err)
	defer conn.Close()
	bound, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	s.must(err)
	defer unix.Close(bound) // it keeps the port from others
	s.must(unix.Bind(bound, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := unix.Getsockname(bound)
	s.must(err)
	port := name.(*unix.SockaddrInet4).Port
	to := s.listener.Addr().(*net.TCPAddr)
	ip := layers.IPv4{SrcIP: net.IPv4(127, 0, 0, 1), DstIP: to.IP, Protocol: layers.IPProtocolTCP}
	segment := layers.TCP{SrcPort: layers.TCPPort(port), DstPort: layers.TCPPort(to.Port), Seq: 1, Ack: 1, ACK: true, PSH: true, Window: 512}
	s.must(segment.SetNetworkLayerForChecksum(&ip))
	buffer := gopacket.NewSerializeBuffer()
	s.must(gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, &segment, gopacket.Payload(data)))
	_, err = conn.WriteTo(buffer.Bytes(), &net.IPAddr{IP: to.IP})
	s.must(err)
	return fmt.Sprintf("127.0.0.1:%d", port)
}
