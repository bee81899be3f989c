package capture_test

import (
	"maps"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

func TestParseCounters(t *testing.T) {
	const snmp = `Ip: Forwarding OutRsts
Ip: 1 99
Tcp: RtoAlgorithm MaxConn AttemptFails EstabResets OutRsts InCsumErrors
Tcp: 1 -1 1523 43 4711 0
Udp: InDatagrams
Udp: 5
`
	got, err := capture.ParseCounters(snmp)
	want := map[string]int64{"AttemptFails": 1523, "EstabResets": 43, "OutRsts": 4711}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"Tcp: OutRsts\nTcp:\n", "Tcp: OutRsts\nUdp: 1\n",
		"TcpExt: TCPAbortOnClose\nTcpExt: many\n"} {
		if got, err := capture.ParseCounters(text); err == nil {
			t.Errorf("%q gave %v, want an error", text, got)
		}
	}
}
