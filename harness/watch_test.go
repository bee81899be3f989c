package harness_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// watching gives the first connection a watcher of the bytes toward one end.
func watching(toward harness.End, watch func(b []byte) *harness.Cut) harness.Options {
	return harness.Options{Watch: func(connection int) harness.Watcher {
		if connection != 1 {
			return nil
		}
		return func(to harness.End, b []byte) *harness.Cut {
			if to != toward {
				return nil
			}
			return watch(b)
		}
	}}
}

// TestAWatcherCuts before, within and behind the bytes that it was shown, and
// gives each end what it asked for.
func TestAWatcherCuts(t *testing.T) {
	for _, way := range ways {
		for _, after := range []int64{0, 4, 10} {
			t.Run("toward the "+string(way.watcher), func(t *testing.T) {
				var seen bytes.Buffer
				options := watching(way.watcher, func(b []byte) *harness.Cut {
					seen.Write(b)
					if !bytes.HasPrefix(b, []byte("cut")) {
						return nil
					}
					return &harness.Cut{After: after, With: harness.SendFIN, Opposite: harness.SendReset}
				})
				proxy, client, server := between(t, options)
				far, near := byParty(way.actor, client, server)
				send(t, far, 10)
				receive(t, near, 10)
				if _, err := far.Write([]byte("cut here!!")); err != nil {
					t.Fatal(err)
				}
				expectEnd(t, "the end before the cut", near, after, harness.Finished)
				expectEnd(t, "the end behind it", far, 0, harness.Reset)
				want := harness.Strike{Connection: 1, At: 10 + after, Withheld: 10 - after, Drained: true}
				if got := proxy.Cuts(); len(got) != 1 || got[0].Strikes[0] != want {
					t.Errorf("the report says %+v, want %+v", got, want)
				}
				if got, want := seen.String(), string(make([]byte, 10))+"cut here!!"; got != want {
					t.Errorf("it was shown %q, want %q", got, want)
				}
			})
		}
	}
}

func TestAWatcherIsOfOneConnection(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr(), watching(harness.Server, func([]byte) *harness.Cut {
		return &harness.Cut{With: harness.SendReset}
	}))
	for _, ending := range []harness.Ending{harness.Reset, harness.Finished} {
		client := dial(t, proxy.Addr())
		server := accept(t, listener)
		send(t, client, 10)
		if ending == harness.Finished {
			receive(t, server, 10)
			server.Close()
		}
		expectEnd(t, "the client", client, 0, ending)
	}
}

func TestABadCutOfAWatcherIsReported(t *testing.T) {
	for _, c := range []struct {
		cut  harness.Cut
		want string
	}{
		{harness.Cut{After: 11}, "the 10 bytes"},
		{harness.Cut{Now: true}, "within"},
		{harness.Cut{With: "rst"}, "With"},
	} {
		listener := listen(t, "127.0.0.1:0")
		proxy, err := harness.StartProxy(listener.Addr().String(),
			watching(harness.Server, func([]byte) *harness.Cut { return &c.cut }))
		if err != nil {
			t.Fatal(err)
		}
		client := dial(t, proxy.Addr())
		server := accept(t, listener)
		send(t, client, 10)
		receive(t, server, 10) // it passes
		if err := proxy.Close(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want an error that says %q", c.cut, err, c.want)
		}
	}
}

// TestAFarewell comes to the client behind what has passed, whichever end the
// cut counts the bytes of.
func TestAFarewell(t *testing.T) {
	const said = "good bye"
	for _, toward := range []harness.End{harness.Client, harness.Server} {
		for _, ending := range []harness.Ending{harness.Reset, harness.Finished} {
			t.Run(string(toward)+" "+string(ending), func(t *testing.T) {
				proxy, client, server := between(t, harness.Cut{Toward: toward, After: 20, With: gives(ending), Insert: said})
				send(t, server, 10)
				receive(t, client, 10)
				send(t, client, 10)
				receive(t, server, 10)
				if toward == harness.Client {
					send(t, server, 30)
					expectEnd(t, "the client", client, 10+int64(len(said)), ending)
				} else {
					send(t, client, 30)
					expectEnd(t, "the client", client, int64(len(said)), ending)
				}
				if got := proxy.Connections()[0].ToClient; toward == harness.Client && got != 20 {
					t.Errorf("%d bytes are counted, want 20", got)
				}
			})
		}
	}
}

func TestAFarewellNeedsAnEnding(t *testing.T) {
	_, err := harness.StartProxy("127.0.0.1:1", harness.Cut{
		Toward: harness.Client, Half: true, Insert: "x",
	})
	if err == nil || !strings.Contains(err.Error(), "Insert") {
		t.Errorf("got %v, want an error that names Insert", err)
	}
}
