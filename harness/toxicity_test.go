package harness_test

import (
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// half are toxics that each connection gets or not, independently.
var half = []harness.Option{
	sometimes(0.5, toxic("latency", attributes{"latency": 0})),
	sometimes(0.5, toxic("slicer", attributes{"average_size": 10})),
	sometimes(0.25, toxic("bandwidth", attributes{"rate": 1 << 30})),
}

func sometimes(toxicity float64, x harness.Toxic) harness.Toxic {
	x.Toxicity = toxicity
	return x
}

// drawnFor returns which toxics each of n connections got, made one by one or
// all at once.
func drawnFor(t *testing.T, seed uint64, n int, atOnce bool) []string {
	t.Helper()
	upstream := listen(t, "127.0.0.1:0")
	proxy := start(t, upstream.Addr(), append(slices.Clone(half), harness.Options{Seed: seed})...)
	if proxy.Seed() != seed {
		t.Errorf("Seed() is %d, want %d", proxy.Seed(), seed)
	}
	clients := make(chan net.Conn, n)
	connect := func() {
		conn, err := net.Dial("tcp", proxy.Addr())
		if err != nil {
			t.Error(err)
			return
		}
		clients <- conn
	}
	for range n {
		if atOnce {
			go connect()
		} else {
			connect()
			accept(t, upstream).Close()
		}
	}
	for range n {
		if atOnce {
			accept(t, upstream).Close()
		}
		(<-clients).Close()
	}
	awaitIdle(t, proxy)
	var drawn []string
	for _, c := range proxy.Connections() {
		drawn = append(drawn, strings.Join(c.Toxics, " "))
	}
	closeProxy(t, proxy)
	return drawn
}

func TestASeedRepeatsWhichConnectionsGetAToxic(t *testing.T) {
	const n = 60
	first := drawnFor(t, 42, n, false)
	for _, atOnce := range []bool{false, true} {
		if again := drawnFor(t, 42, n, atOnce); !slices.Equal(first, again) {
			t.Errorf("at once %t: the same seed gave\n%q, and then\n%q", atOnce, first, again)
		}
	}
	if other := drawnFor(t, 43, n, false); slices.Equal(first, other) {
		t.Errorf("another seed gave the same: %q", first)
	}
}

// The bounds are eight standard deviations away: one seed in 10⁹ fails here.
func TestToxicityIsAShareOfTheConnections(t *testing.T) {
	n := rounds(400, 5000)
	seed := 1 + rand.Uint64()>>1
	drawn := drawnFor(t, seed, n, false)
	for _, tt := range []struct {
		name string
		all  []string
		want float64
	}{
		{"latency", []string{"latency"}, 0.5},
		{"slicer", []string{"slicer"}, 0.5},
		{"bandwidth", []string{"bandwidth"}, 0.25},
		{"two of them", []string{"latency", "slicer"}, 0.25},
		{"all three", []string{"latency", "slicer", "bandwidth"}, 0.0625},
	} {
		got := 0
		for _, toxics := range drawn {
			has := func(name string) bool { return strings.Contains(toxics, name) }
			if !slices.ContainsFunc(tt.all, func(name string) bool { return !has(name) }) {
				got++
			}
		}
		mean, deviation := float64(n)*tt.want, math.Sqrt(float64(n)*tt.want*(1-tt.want))
		if math.Abs(float64(got)-mean) > 8*deviation {
			t.Errorf("seed %d: %d of %d connections got %s, want about %.0f", seed, got, n, tt.name, mean)
		}
	}
}

func TestToxicityZeroAndOneMeanEveryConnection(t *testing.T) {
	for _, toxicity := range []float64{0, 1} {
		upstream := listen(t, "127.0.0.1:0")
		proxy := start(t, upstream.Addr(), harness.Toxic{
			Type: "latency", Toward: harness.Client, Attributes: attributes{"latency": 0}, Toxicity: toxicity,
		})
		for range 20 {
			dial(t, proxy.Addr())
			accept(t, upstream)
		}
		for _, c := range proxy.Connections() {
			if len(c.Toxics) != 1 {
				t.Errorf("toxicity %v: the report says %+v, want the toxic", toxicity, c)
			}
		}
	}
}

func TestASeedIsDrawnAndToldWhereNoneIsGiven(t *testing.T) {
	first, second := start(t, listen(t, "127.0.0.1:0").Addr()), start(t, listen(t, "127.0.0.1:0").Addr())
	if first.Seed() == 0 || first.Seed() == second.Seed() {
		t.Errorf("the seeds are %d and %d, want two", first.Seed(), second.Seed())
	}
	if !strings.Contains(first.String(), first.Addr()) {
		t.Errorf("String() is %q, want the address in it", first)
	}
}
