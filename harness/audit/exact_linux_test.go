package audit_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestReadThoughStopped: if something of what came was read while the client was
// stopped, somebody else reads, and the cell proves nothing.
func TestReadThoughStopped(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	proxy, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	proxy.Write(make([]byte, 10))
	for read, want := range []string{"", "1 of 10 bytes were read while the client was stopped", "2 of 10 bytes"} {
		if read > 0 {
			client.Read(make([]byte, 1))
		}
		err := audit.CheckUnread(t.Context(), 10, client.LocalAddr(), proxy.LocalAddr())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes were read: %v, want %q", read, err, want)
		}
	}
	client.Close()
	if err := audit.CheckUnread(t.Context(), 10, client.LocalAddr(), proxy.LocalAddr()); err == nil || !strings.Contains(err.Error(), "not to be seen") {
		t.Errorf("the client is gone: %v", err)
	}
}

// waiting asks, and waits with its reading for a while that no cell lasts.
func waiting(conn net.Conn, request string) (string, error) {
	if _, err := conn.Write([]byte(request)); err != nil {
		return "", err
	}
	<-time.After(2 * time.Second)
	return "", net.ErrClosed
}

// TestAClientThatDoesNotRead: the cell says so, and proves nothing.
func TestAClientThatDoesNotRead(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: waiting, attempts: 1} })
	report, err := audit.Run(t.Context(), s, audit.Options{
		Cells:  []point.Cell{{Place: "P10", Fault: point.ReadRST, Repeat: point.Once, Operation: point.Write}},
		Limits: audit.Limits{Time: 5 * time.Second, Late: 300 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := report.Cells[0].Verdict; !v.Has(verdict.Broken) || !strings.Contains(v.Reason, "did not read the last 36 bytes") {
		t.Errorf("it is %v: %s", v, v.Reason)
	}
}

// TestReadThenRST: a client of this process gets the RST when it has read what
// came before it.
func TestReadThenRST(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask, attempts: 1} })
	report, err := audit.Run(t.Context(), s, audit.Options{Faults: []point.Fault{point.ReadRST}})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) != 8 { // P10 and P11
		t.Errorf("%d cells were run, want 8", len(report.Cells))
	}
	for _, c := range report.Cells {
		want := verdict.Surfaced
		if c.Place == "P11" {
			want = verdict.Unharmed
		}
		if !c.Verdict.Has(want) || c.Verdict.Bad() {
			t.Errorf("%s is %v: %s, want %s", c.ID, c.Verdict, c.Verdict.Reason, want)
		}
	}
}

// TestWhatTakesThePlaceOfRST: where data come before it, both cells are run instead
// of one, and only if the subject has them.
func TestWhatTakesThePlaceOfRST(t *testing.T) {
	for _, c := range []struct {
		name     string
		suspends bool
		tls      bool
		options  audit.Options
		want     string
	}{
		{"by default", true, false, audit.Options{Only: []string{"P7/*/once/read", "P10/*/once/read"}},
			"P7/rst P7/fin P10/data-rst P10/read-rst P10/fin"},
		{"of rst", true, false, audit.Options{Only: []string{"*/*/once/read"}, Faults: []point.Fault{point.RST}},
			"P1/rst P5/rst P6/rst P7/rst P10/data-rst P10/read-rst P11/data-rst P11/read-rst"},
		{"a pattern of rst", true, false, audit.Options{Only: []string{"P1[01]/rst/once/read"}},
			"P10/data-rst P10/read-rst P11/data-rst P11/read-rst"},
		{"one of them", true, false, audit.Options{Only: []string{"*/*/once/read"}, Faults: []point.Fault{point.DataRST}}, "P10/data-rst P11/data-rst"},
		{"a client that cannot be stopped", false, false, audit.Options{Only: []string{"P10/*/once/read"}}, "P10/rst P10/fin"},
		{"with TLS", true, true, audit.Options{Only: []string{"P10/*/once/read"}}, "P10/rst P10/fin P10/close-notify"},
	} {
		s := subject(t, func() audit.Client { return &planted{exchange: ask} })
		if s.Suspends = c.suspends; c.tls {
			authority, err := audit.NewAuthority()
			if err != nil {
				t.Fatal(err)
			}
			s.TLS = authority.Server()
		}
		cells, err := audit.Matrix(s, c.options)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, cell := range cells {
			got = append(got, cell.Place+"/"+string(cell.Fault))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

// TestWhoHasNoExactRST: what cannot be had is refused before anything starts.
func TestWhoHasNoExactRST(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask} })
	for _, c := range []struct {
		options audit.Options
		want    string
	}{
		{audit.Options{Faults: []point.Fault{point.DataRST}}, "data-rst needs a client that can be stopped"},
		{audit.Options{Cells: []point.Cell{{Place: "P10", Fault: point.DataRST, Repeat: point.Once, Operation: point.Read}}}, "that can be stopped"},
		{audit.Options{Cells: []point.Cell{{Place: "P7", Fault: point.ReadRST, Repeat: point.Once, Operation: point.Read}}}, "cannot be struck by that"},
		{audit.Options{Cells: []point.Cell{{Place: "client@0", Fault: point.ReadRST, Repeat: point.Once, Operation: point.Read}}}, "behind data"},
		{audit.Options{Cells: []point.Cell{{Place: "server@4", Fault: point.ReadRST, Repeat: point.Once, Operation: point.Read}}}, "toward the server"},
	} {
		if _, err := audit.Matrix(s, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error that says %q", err, c.want)
		}
	}
}
