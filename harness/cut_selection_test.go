package harness_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// TestACutStrikesTheConnectionsItSelects makes five connections, and arms the
// cut after some of them, while they are open.
func TestACutStrikesTheConnectionsItSelects(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cut   harness.Cut
		armed int   // how many connections are open when the cut is armed; 0: before the start
		want  []int // the connections that are struck
	}{
		{"every, before the start", harness.Cut{}, 0, []int{1, 2, 3, 4, 5}},
		{"every, while running", harness.Cut{}, 3, []int{1, 2, 3, 4, 5}},
		{"twice, before the start", harness.Cut{Times: 2}, 0, []int{1, 2}},
		{"twice, while running", harness.Cut{Times: 2}, 3, []int{1, 2}},
		{"the next, before the start", harness.Cut{On: harness.Next()}, 0, []int{1}},
		{"the next, while running", harness.Cut{On: harness.Next()}, 3, []int{4}},
		{"the first, before the start", harness.Cut{On: harness.Nth(1)}, 0, []int{1}},
		{"the fourth, before the start", harness.Cut{On: harness.Nth(4), Times: 3}, 0, []int{4}},
		{"the second, which is open", harness.Cut{On: harness.Nth(2)}, 3, []int{2}},
		{"the fifth, which is to come", harness.Cut{On: harness.Nth(5)}, 3, []int{5}},
		{"the sixth, which never comes", harness.Cut{On: harness.Nth(6)}, 3, nil},
		{"now, every open one", harness.Cut{Now: true}, 3, []int{1, 2, 3}},
		{"now, the second", harness.Cut{Now: true, On: harness.Nth(2)}, 3, []int{2}},
		{"now, one that is not open", harness.Cut{Now: true, On: harness.Nth(4)}, 3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.cut.Now {
				tt.cut.Toward, tt.cut.After = harness.Client, 10
			}
			var options []harness.Option
			if tt.armed == 0 {
				options = append(options, tt.cut)
			}
			listener := listen(t, "127.0.0.1:0")
			proxy := start(t, listener.Addr(), options...)
			var clients, servers []*net.TCPConn
			for i := range 5 {
				clients = append(clients, dial(t, proxy.Addr()))
				servers = append(servers, accept(t, listener))
				if i+1 == tt.armed {
					if _, err := proxy.Cut(tt.cut); err != nil {
						t.Fatal(err)
					}
				}
			}
			for i := range clients {
				expectSelected(t, i+1, slices.Contains(tt.want, i+1), clients[i], servers[i])
			}
			var struck []int
			for _, s := range proxy.Cuts()[0].Strikes {
				struck = append(struck, s.Connection)
			}
			slices.Sort(struck) // now strikes several at the same time
			if !slices.Equal(struck, tt.want) || proxy.Cuts()[0].Struck != (len(tt.want) > 0) {
				t.Errorf("the report says %+v, want strikes on %v", proxy.Cuts()[0], tt.want)
			}
		})
	}
}

// expectSelected answers 10 bytes to a request, and compares what both ends of
// the connection see of it.
func expectSelected(t *testing.T, number int, struck bool, client, server *net.TCPConn) {
	t.Helper()
	if !struck {
		send(t, server, 15)
		receive(t, client, 15)
		send(t, client, 1)
		receive(t, server, 1)
		return
	}
	server.Write(make([]byte, 10)) // fails where the cut has struck already
	who := fmt.Sprintf("of connection %d the client", number)
	if n, ending := drain(client); (n != 10 && n != 0) || ending != harness.Reset {
		t.Errorf("%s got %d bytes and then %q, want a reset", who, n, ending)
	}
	if _, ending := drain(server); ending != harness.Reset && ending != harness.Finished {
		t.Errorf("of connection %d the server got %q, want a reset, or its end behind one", number, ending)
	}
}

// A pooled connection has a past when the cut is armed. It counts or not.
func TestACutOnAPooledConnectionCountsFromWhereItSays(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  harness.Cut
		want int64 // the byte of the connection at which it strikes; -1: never
	}{
		{"from arming", harness.Cut{After: 10}, 110},
		{"from arming, at the first byte", harness.Cut{After: 0}, 100},
		{"from the start", harness.Cut{After: 150, FromStart: true}, 150},
		{"from the start, where it stands", harness.Cut{After: 100, FromStart: true}, 100},
		{"from the start, past it", harness.Cut{After: 99, FromStart: true}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proxy, client, server := between(t)
			send(t, server, 100)
			receive(t, client, 100)
			tt.cut.Toward = harness.Client
			if _, err := proxy.Cut(tt.cut); err != nil {
				t.Fatal(err)
			}
			send(t, client, 500) // the other direction does not count
			receive(t, server, 500)
			if proxy.Cuts()[0].Struck {
				t.Error("it struck before a byte came")
			}
			send(t, server, 100)
			if tt.want < 0 {
				receive(t, client, 100)
				return
			}
			expectEnd(t, "the client", client, tt.want-100, harness.Reset)
			got := proxy.Cuts()[0].Strikes
			if len(got) != 1 || got[0].At != tt.want || got[0].Withheld != 200-tt.want {
				t.Errorf("the report says %+v, want a strike at %d", got, tt.want)
			}
		})
	}
}

func TestOfSeveralCutsTheFirstThatIsDueStrikes(t *testing.T) {
	cuts := []harness.Option{
		harness.Cut{Toward: harness.Client, After: 20, With: harness.SendFIN},
		harness.Cut{Toward: harness.Client, After: 10, Times: 1, With: harness.Silence},
		harness.Cut{Toward: harness.Client, After: 10, Times: 1},
		harness.Cut{Toward: harness.Server, After: 5},
	}
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr(), cuts...)
	ends := func() (client, server *net.TCPConn) { return dial(t, proxy.Addr()), accept(t, listener) }

	client, server := ends() // the second and the third are due: the one armed first strikes
	send(t, server, 30)
	receive(t, client, 10)
	expectSilence(t, "the first client", client)

	client, server = ends() // the second is spent
	send(t, server, 30)
	expectEnd(t, "the second client", client, 10, harness.Reset)

	client, server = ends() // both are spent
	send(t, server, 30)
	expectEnd(t, "the third client", client, 20, harness.Finished)

	client, server = ends() // the other direction comes first
	send(t, client, 5)
	expectEnd(t, "the fourth server", server, 5, harness.Reset)

	for i, want := range []harness.Strike{
		{Connection: 3, At: 20, Withheld: 10, Drained: true},
		{Connection: 1, At: 10, Withheld: 20, Drained: true},
		{Connection: 2, At: 10, Withheld: 20, Drained: true},
		{Connection: 4, At: 5, Drained: true},
	} {
		await(t, "the strike", func() bool { s := proxy.Cuts()[i].Strikes; return len(s) == 1 && s[0].Drained })
		if got := proxy.Cuts()[i].Strikes[0]; got != want {
			t.Errorf("cut %d: the report says %+v, want %+v", i, got, want)
		}
	}
}

func TestACutDescribesItself(t *testing.T) {
	for _, tt := range []struct {
		cut  harness.Cut
		want string
	}{
		{harness.Cut{Toward: harness.Client}, "cut after 0 bytes toward the client: reset to both"},
		{harness.Cut{Now: true, With: harness.Silence}, "cut now: silence to both"},
		{
			harness.Cut{Toward: harness.Server, After: 7, With: harness.SendFIN, Opposite: harness.SendReset},
			"cut after 7 bytes toward the server: fin, reset to the other end",
		},
	} {
		if got := tt.cut.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
