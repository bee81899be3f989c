package audit_test

import (
	"context"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestRemote is about the toxiproxy-server of the module that go.mod names.
func TestRemote(t *testing.T) {
	program := filepath.Join(t.TempDir(), "toxiproxy-server")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/Shopify/toxiproxy/v2/cmd/server")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	for name, test := range map[string]func(t *testing.T, program string){
		"agrees": remoteAgrees, "bytes": remoteBytes, "flood": remoteFlood,
		"stopped": remoteStopped, "refusals": remoteRefusals,
	} {
		t.Run(name, func(t *testing.T) { test(t, program) })
	}
}

// remoteAgrees: the same cells have the same verdicts as without a
// toxiproxy-server, what was executed included, and what others have there stays.
func remoteAgrees(t *testing.T, program string) {
	url := startServer(t, program, "-proxy-metrics")
	if _, err := toxiproxy.NewClient(url).CreateProxy("others", "127.0.0.1:0", "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]func() audit.Client{
		"repeats":  func() audit.Client { return &planted{attempts: 3, exchange: ask} },
		"careless": func() audit.Client { return &planted{exchange: askCarelessly} },
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, client)
			o := audit.Options{Limits: audit.Limits{Time: 2 * time.Second, Quiet: time.Second}}
			remote := s
			remote.Remote = &audit.Remote{URL: url}
			there, err := audit.Run(t.Context(), remote, o)
			if err != nil {
				t.Fatal(err)
			}
			if o.Cells, err = audit.Matrix(remote, o); err != nil {
				t.Fatal(err)
			}
			here, err := audit.Run(t.Context(), s, o)
			if err != nil {
				t.Fatal(err)
			}
			if len(there.Cells) != 14 || len(here.Cells) != 14 {
				t.Fatalf("%d and %d cells, want 14", len(there.Cells), len(here.Cells))
			}
			for i, far := range there.Cells {
				near := here.Cells[i]
				if far.Verdict.String() != near.Verdict.String() || far.Executed != near.Executed ||
					far.Ending != near.Ending || far.Got != near.Got || far.Strikes == 0 {
					t.Errorf("%s:\n there %v, executed %d, ending %q, got %d, struck %d: %s\n"+
						" here  %v, executed %d, ending %q, got %d: %s", far.ID, far.Verdict, far.Executed, far.Ending, far.Got, far.Strikes, far.Verdict.Reason,
						near.Verdict, near.Executed, near.Ending, near.Got, near.Verdict.Reason)
				}
			}
		})
	}
	if left := proxiesAt(t, url); left != "others" {
		t.Errorf("the server has the proxies %q, want only that of others", left)
	}
}

// remoteBytes: exactly the bytes before the place arrive, and a place
// behind the reply is never struck.
func remoteBytes(t *testing.T, program string) {
	url := startServer(t, program, "-proxy-metrics")
	var got int
	s := subject(t, func() audit.Client {
		return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
			if err != nil {
				return audit.Answer{Err: err}
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, string(c.Operation)+" "+c.ID+"\n"); err != nil {
				return audit.Answer{Err: err}
			}
			b, err := io.ReadAll(io.LimitReader(conn, int64(len("done ")+5*len(c.ID)+2)))
			if err != nil {
				got = len(b)
			}
			return audit.Answer{Body: b[:max(0, len(b)-1)], Err: err}
		})
	})
	s.Remote = &audit.Remote{URL: url}
	for id, want := range map[string]struct {
		got, strikes int
		outcome      verdict.Outcome
	}{
		"client@17/rst/always/write":   {17, 1, verdict.Surfaced},
		"server@3/rst/always/write":    {0, 1, verdict.Surfaced},
		"client@4096/rst/always/write": {0, 0, verdict.NotStruck},
	} {
		got = 0
		cell, err := point.ParseCell(id)
		if err != nil {
			t.Fatal(err)
		}
		report, err := audit.Run(t.Context(), s, audit.Options{
			Cells: []point.Cell{cell}, Limits: audit.Limits{Time: 2 * time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
		if c := report.Cells[0]; !c.Verdict.Has(want.outcome) || got != want.got || c.Strikes != want.strikes {
			t.Errorf("%s: %v with %d bytes, %d strikes: %s; want %v", id, c.Verdict, got, c.Strikes, c.Verdict.Reason, want)
		}
	}
}

// remoteFlood: a strike is proved also where the server goes on sending.
func remoteFlood(t *testing.T, program string) {
	url := startServer(t, program, "-proxy-metrics")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	defer listener.Close()
	sending.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			sending.Go(func() {
				defer conn.Close()
				for err == nil {
					_, err = conn.Write(make([]byte, 1<<16))
				}
			})
		}
	})
	s := subject(t, func() audit.Client {
		return audit.Func(func(ctx context.Context, c audit.Call) (a audit.Answer) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
			if err != nil {
				return audit.Answer{Err: err}
			}
			defer conn.Close()
			// That this byte passed is counted even where toxiproxy's link of a
			// server that goes on sending never ends.
			if _, err := conn.Write([]byte("x")); err != nil {
				return audit.Answer{Err: err}
			}
			_, err = io.ReadFull(conn, make([]byte, 1<<20))
			return audit.Answer{Err: err}
		})
	})
	s.Origin = audit.Upstream(listener.Addr().String(), func(context.Context, string) (int, error) { return -1, nil })
	s.Remote = &audit.Remote{URL: url}
	report, err := audit.Run(t.Context(), s, audit.Options{
		Only: []string{"client@0/[rf]*/*/read"}, Limits: audit.Limits{Time: 2 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Cells {
		if !c.Verdict.Has(verdict.Surfaced) || c.Strikes == 0 {
			t.Errorf("%s: %v: %s", c.ID, c.Verdict, c.Verdict.Reason)
		}
	}
}

// remoteStopped: nothing of ours is left when the context ends in a cell.
func remoteStopped(t *testing.T, program string) {
	url := startServer(t, program, "-proxy-metrics")
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	s := subject(t, func() audit.Client {
		return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
			if calls++; calls > 1 { // behind the rehearsal
				stop()
				<-ctx.Done()
				return audit.Answer{Err: ctx.Err()}
			}
			return (&planted{exchange: ask}).Do(ctx, c)
		})
	})
	s.Remote = &audit.Remote{URL: url}
	report, err := audit.Run(ctx, s, audit.Options{
		Operations: []point.Operation{point.Read}, Limits: audit.Limits{Time: 2 * time.Second},
	})
	if err == nil || report == nil || report.Stopped == "" {
		t.Errorf("report %v, error %v; want a report of a stopped audit", report, err)
	}
	if left := proxiesAt(t, url); left != "" {
		t.Errorf("the server has the proxies %q, want none", left)
	}
}

func remoteRefusals(t *testing.T, program string) {
	url, blind := startServer(t, program, "-proxy-metrics"), startServer(t, program)
	for name, test := range map[string]struct {
		remote audit.Remote
		cells  string
		want   string
	}{
		"no counters":   {audit.Remote{URL: blind}, "", "start it as toxiproxy-server -proxy-metrics"},
		"no server":     {audit.Remote{URL: "http://127.0.0.1:1"}, "", "reach toxiproxy-server"},
		"no URL":        {audit.Remote{URL: "://"}, "", "want a URL"},
		"no listen":     {audit.Remote{URL: "http://elsewhere:8474"}, "", "at which of its addresses it shall listen"},
		"no upstream":   {audit.Remote{URL: "http://elsewhere:8474", Listen: "0.0.0.0:1"}, "", "say how it reaches the server"},
		"no port":       {audit.Remote{URL: url, Listen: "127.0.0.1"}, "", `listen is "127.0.0.1"`},
		"taken":         {audit.Remote{URL: url, Listen: strings.TrimPrefix(url, "http://")}, "", "address already in use"},
		"wrong server":  {audit.Remote{URL: url, Upstream: "127.0.0.1:1"}, "", "fails with nothing in its way"},
		"once":          {audit.Remote{URL: url}, "client@0/rst/once/write", "the only repetition is always"},
		"a phase":       {audit.Remote{URL: url}, "P7/rst/always/write", "knows no protocol"},
		"half-close":    {audit.Remote{URL: url}, "client@1/half-close/always/write", "has no half-close"},
		"FIN":           {audit.Remote{URL: url}, "client@1/fin/always/write", "that fault is fin-rst"},
		"FIN to server": {audit.Remote{URL: url}, "server@1/fin-rst/always/write", "a RST instead of a FIN"},
		"late stall":    {audit.Remote{URL: url}, "client@1/stall/always/write", "stall from the first byte"},
		"far":           {audit.Remote{URL: url}, "client@4097/rst/always/write", "the last place is client@4096"},
		"refuse later":  {audit.Remote{URL: url}, "client@0/refuse/always/write", "the place is P0"},
		"other fault":   {audit.Remote{URL: url}, "client@0/goaway/always/write", "has no such fault"},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, func() audit.Client { return &planted{exchange: ask} })
			o := audit.Options{Operations: []point.Operation{point.Read}, Limits: audit.Limits{Time: 2 * time.Second}}
			if test.cells != "" {
				cell, err := point.ParseCell(test.cells)
				if err != nil {
					t.Fatal(err)
				}
				o.Cells = []point.Cell{cell}
			}
			s.Remote = &test.remote
			report, err := audit.Run(t.Context(), s, o)
			if report != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("report %v, error %v; want one that says %q", report, err, test.want)
			}
		})
	}
	if left := proxiesAt(t, url) + proxiesAt(t, blind); left != "" {
		t.Errorf("the servers have the proxies %q, want none", left)
	}
}
