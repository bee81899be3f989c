package evidence_test

import (
	"reflect"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

func TestTCPOptions(t *testing.T) {
	header := func(options ...byte) []byte {
		ip := make([]byte, 20)
		ip[0], ip[9] = 0x45, 6
		tcp := make([]byte, 20)
		tcp[12] = byte(5+len(options)/4) << 4
		return append(append(ip, tcp...), options...)
	}
	inIPv6 := func(v4 []byte) []byte {
		ip := make([]byte, 48) // with a header of destination options
		ip[0], ip[6], ip[40] = 0x60, 60, 6
		return append(ip, v4[20:]...)
	}
	syn := header(2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7)
	want := evidence.TCPOptions{Kinds: []byte{2, 4, 8, 1, 3}, MSS: 1460, HasMSS: true, Scale: 7, HasScale: true,
		SACKPermitted: true, TSVal: 7, HasTimestamps: true}
	for _, test := range []struct {
		name   string
		packet evidence.Packet
		want   evidence.TCPOptions
		ok     bool
	}{
		{"a SYN of Linux", evidence.Packet{Data: syn}, want, true},
		{"the same behind an extension header of IPv6", evidence.Packet{Data: inIPv6(syn)}, want, true},
		{"none", evidence.Packet{Data: header()}, evidence.TCPOptions{}, true},
		{"none behind the end of the list", evidence.Packet{Data: header(0, 2, 4, 9)}, evidence.TCPOptions{}, true},
		{"those that a printed trace named", evidence.Packet{Options: &want}, want, true},
		{"no data", evidence.Packet{}, evidence.TCPOptions{}, false},
		{"cut off within", evidence.Packet{Data: syn[:44]}, evidence.TCPOptions{}, false},
		{"a length that leaves the header", evidence.Packet{Data: header(2, 40, 1, 1)}, evidence.TCPOptions{Kinds: []byte{2}}, false},
		{"a length of zero", evidence.Packet{Data: header(2, 0, 1, 1)}, evidence.TCPOptions{Kinds: []byte{2}}, false},
		{"no TCP", evidence.Packet{Data: make([]byte, 40)}, evidence.TCPOptions{}, false},
	} {
		got, ok := test.packet.TCPOptions()
		if ok != test.ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v, want %+v, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

func TestLacks(t *testing.T) {
	p := evidence.Packet{Unknown: evidence.FieldTTL | evidence.FieldIPID}
	if !p.Lacks(evidence.FieldTTL) || !p.Lacks(evidence.FieldSeq|evidence.FieldIPID) || p.Lacks(evidence.FieldSeq) {
		t.Error(p.Unknown)
	}
}
