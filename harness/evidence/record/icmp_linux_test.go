package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A connect that a firewall rejects with ICMP is diagnosed, by the packets at the
// client alone, as what its call was told.
func TestWhatICMPSaysIsWhatConnectGets(t *testing.T) {
	for _, verdict := range []netlab.Verdict{netlab.RejectPort, netlab.RejectHost, netlab.RejectAdmin} {
		t.Run(string(verdict), func(t *testing.T) {
			client, router, server := routed(t)
			listener, err := server.Listen(t.Context(), "tcp", server.IP().String()+":0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			wire := wireOf(t, client)
			if _, err := router.Block(netlab.Rule{Hook: netlab.Forward, Verdict: verdict}); err != nil {
				t.Skip(err)
			}

			_, got := client.Dial(t.Context(), "tcp", listener.Addr().String())

			r, err := reported(captured(t, wire))
			if err != nil || len(r.Unreachable) != 1 {
				t.Fatalf("%v: %+v, although the call got %v", err, r, got)
			}
			d := r.Unreachable[0].Diagnosis
			if d.Client.Read != tcp.EndingOf(got) || d.Client.SawSure != diagnose.Likely || d.SureOfCause != diagnose.Undecided {
				t.Errorf("the client is said to have got %s (%s), by %q; it got %v", d.Client.Read, d.Client.SawSure, d.Why, got)
			}
		})
	}
}

// An open connection survives what ICMP says, and is not called over.
func TestWhatICMPSaysDoesNotEndAnOpenConnection(t *testing.T) {
	client, router, server := routed(t)
	listener, err := server.Listen(t.Context(), "tcp", server.IP().String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	wire := wireOf(t, client)
	near, err := client.Dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	outage, err := router.Block(netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectHost})
	if err != nil {
		t.Skip(err)
	}
	tap, err := client.Tap()
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	if _, err := near.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := tap.Await(t.Context(), func(s netlab.Segment) bool { return len(s.Payload) == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := outage.Lift(); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	r, err := reported(captured(t, wire))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Unreachable)+len(r.Found) != 0 || len(r.Ends) != 1 || r.Ends[0].End != diagnose.EndOpen || r.Inputs[0].ICMP == 0 {
		t.Errorf("the connection lives, and ICMP was seen: %+v", r)
	}
}

// routed makes a client and a server with a router between.
func routed(t *testing.T) (client, router, server *netlab.Host) {
	t.Helper()
	n, err := netlab.New()
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	var hosts [3]*netlab.Host
	for i, name := range []string{"client", "router", "server"} {
		if hosts[i], err = n.Host(name); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := n.Route(hosts[0], hosts[1], hosts[2]); err != nil {
		t.Fatal(err)
	}
	return hosts[0], hosts[1], hosts[2]
}

// wireOf opens what sees all packets of a host.
func wireOf(t *testing.T, h *netlab.Host) int {
	t.Helper()
	everything := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := h.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, int(everything))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// captured makes a capture file of what has been seen by now.
func captured(t *testing.T, wire int) []byte {
	t.Helper()
	var file bytes.Buffer
	w := pcapgo.NewWriterNanos(&file)
	if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(wire, buffer, 0)
		if err == unix.EAGAIN {
			return file.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		if v := buffer[0] >> 4; v != 4 && v != 6 {
			continue // ARP
		}
		info := gopacket.CaptureInfo{Timestamp: time.Now(), CaptureLength: n, Length: n}
		if err := w.WritePacket(info, buffer[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

// reported is the report on one capture or printed trace.
func reported(input []byte) (*offline.Report, error) {
	return offline.Diagnose(context.Background(), offline.Options{}, offline.Input{Reader: bytes.NewReader(input)})
}
