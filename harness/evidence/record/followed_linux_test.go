package record_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
)

// What others do on the machine meanwhile is not read, and of a connection of
// which it was not known in time that it is the lab's nothing is concluded.
func TestOthersAreNotFollowed(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	l, err := lab.NewAt(lanes.Address())
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Start(l, "somebody resets at another address", record.Options{Lanes: lanes})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := lanes.Address()
	client, server := resetElsewhere(t, elsewhere)
	l.Host("client").Record(client, server).Remember(lab.Read, time.Now(), 0, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	recording, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range recording.Events {
		if e.Trace != nil || e.State != nil {
			t.Errorf("the kernel said %+v", e)
		}
	}
	if !slices.ContainsFunc(recording.Gaps, func(g evidence.Gap) bool {
		return g.Lane == evidence.Kernel && strings.Contains(g.Why, server)
	}) {
		t.Errorf("the gaps are %+v, want one that names %s", recording.Gaps, server)
	}
}

// What a lab dials is followed, wherever it is.
func TestWhatIsDialledIsFollowed(t *testing.T) {
	l, err := lab.NewAt(netip.MustParseAddr("127.77.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.AddEndpoint(lab.Endpoint{Address: "127.77.2.2:1"})
	var told []netip.Addr
	l.EachAddress(func(ip netip.Addr) { told = append(told, ip) })
	l.AddEndpoint(lab.Endpoint{Address: "127.77.2.3:1"})
	if _, err := l.Host("client").Dial(t.Context(), "127.77.2.4:1"); err == nil {
		t.Fatal("somebody listens")
	}
	want := []string{"127.77.2.1", "127.77.2.2", "127.77.2.3", "127.77.2.4"}
	for i := range want {
		if i == len(told) || told[i].String() != want[i] {
			t.Fatalf("told of %v, want %v", told, want)
		}
	}
}

// resetElsewhere has a connection reset that is no lab's.
func resetElsewhere(t *testing.T, ip netip.Addr) (client, server string) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	accepted.SetLinger(0)
	accepted.Close()
	conn.Read(make([]byte, 1)) // the reset
	return conn.LocalAddr().String(), listener.Addr().String()
}
