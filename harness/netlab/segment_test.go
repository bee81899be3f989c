package netlab_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/netlab"
)

func example() netlab.Segment {
	return netlab.Segment{
		Source: netip.MustParseAddrPort("10.1.0.2:40000"), Destination: netip.MustParseAddrPort("10.1.0.3:80"),
		Seq: 4294967295, Ack: 7, Flags: netlab.PSH | netlab.ACK, Window: 64, Payload: []byte("ab"),
		TTL: 57, ID: 0x7777,
	}
}

func TestSegmentsComeBackAsTheyWent(t *testing.T) {
	for name, change := range map[string]func(*netlab.Segment){
		"data": func(*netlab.Segment) {},
		"a port that gopacket knows a protocol for": func(s *netlab.Segment) {
			s.Source = netip.AddrPortFrom(s.Source.Addr(), 44818) // EtherNet/IP; an ephemeral port in Linux
		},
		"every":    func(s *netlab.Segment) { s.Flags = 0xff },
		"no flags": func(s *netlab.Segment) { s.Flags = 0 },
		"options": func(s *netlab.Segment) {
			s.Options = []layers.TCPOption{
				{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 180}},
			}
		},
	} {
		want := example()
		change(&want)
		packet, err := want.MarshalBinary()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := netlab.ParseSegment(packet)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestSegmentCountsItsSequenceNumbers(t *testing.T) {
	for flags, want := range map[netlab.Flags]uint32{
		netlab.ACK: 1, netlab.SYN: 2, netlab.FIN | netlab.ACK: 2, netlab.SYN | netlab.FIN: 3, // around 2³²
	} {
		s := example()
		s.Flags = flags
		if got := s.Next(); got != want {
			t.Errorf("%v: got %d, want %d", flags, got, want)
		}
	}
}

func TestSegmentIsDescribed(t *testing.T) {
	want := "10.1.0.2:40000 > 10.1.0.3:80 PSH ACK seq 4294967295 ack 7 len 2 win 64 ttl 57 id 30583"
	if got := example().String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestABadChecksumIsTheOnlyDifference(t *testing.T) {
	good, err := example().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	s := example()
	s.BadChecksum = true
	bad, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	different := 0
	for i := range good {
		if good[i] != bad[i] {
			different++
		}
	}
	if different != 1 {
		t.Errorf("%d bytes differ, want 1", different)
	}
}

func FuzzParseSegment(f *testing.F) {
	packet, err := example().MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packet)
	f.Add(packet[:30])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packet []byte) {
		before := bytes.Clone(packet)
		s, err := netlab.ParseSegment(packet)
		if !bytes.Equal(packet, before) {
			t.Error("the packet was changed")
		}
		if err != nil {
			return
		}
		if !s.Source.Addr().Is4() || !s.Destination.Addr().Is4() {
			t.Errorf("%v is not IPv4", s)
		}
		if len(s.Payload) > len(packet) {
			t.Errorf("%d bytes of payload in a packet of %d", len(s.Payload), len(packet))
		}
	})
}
