package harness_test

import (
	"math"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

type attributes = map[string]int64

func TestStartProxyRefusesBadToxics(t *testing.T) {
	for _, tt := range []struct {
		name  string
		toxic harness.Toxic
		want  string
	}{
		{"no type", harness.Toxic{}, "Type … latency, bandwidth and slicer"},
		{"unknown type", harness.Toxic{Type: "jitter"}, `"jitter" … latency, bandwidth and slicer`},
		{"our own name of bandwidth", harness.Toxic{Type: "resetlab_bandwidth"}, "Type … bandwidth"},
		{"limit_data", harness.Toxic{Type: "limit_data"}, "limit_data … ends a connection … harness.Cut"},
		{"timeout", harness.Toxic{Type: "timeout"}, "timeout … harness.Cut"},
		{"slow_close", harness.Toxic{Type: "slow_close"}, "slow_close … harness.Cut"},
		{"reset_peer", harness.Toxic{Type: "reset_peer"}, "reset_peer … harness.Cut"},
		{"no direction", latency(func(x *harness.Toxic) { x.Toward = "" }), "Toward … harness.Client"},
		{"unknown direction", latency(func(x *harness.Toxic) { x.Toward = "upstream" }), `Toward … "upstream"`},
		{"toxicity below 0", latency(func(x *harness.Toxic) { x.Toxicity = -0.1 }), "Toxicity … -0.1 … 0 to 1"},
		{"toxicity above 1", latency(func(x *harness.Toxic) { x.Toxicity = 7 }), "Toxicity … 7 … 0 to 1"},
		{"toxicity NaN", latency(func(x *harness.Toxic) { x.Toxicity = math.NaN() }), "Toxicity … NaN … 0 to 1"},
		{"no attributes", latency(func(x *harness.Toxic) { x.Attributes = nil }), `"latency" is missing`},
		{"misspelt attribute", latency(func(x *harness.Toxic) { x.Attributes["latancy"] = 3 }), `"latancy"`},
		{"negative latency", toxic("latency", attributes{"latency": -1}), `"latency" is -1 … 0 to 3600000`},
		{"latency that overflows", toxic("latency", attributes{"latency": math.MaxInt64}), `"latency"`},
		{"negative jitter", toxic("latency", attributes{"latency": 1, "jitter": -1}), `"jitter" is -1`},
		{"no rate", toxic("bandwidth", attributes{}), `"rate" is missing`},
		{"rate 0", toxic("bandwidth", attributes{"rate": 0}), `"rate" is 0 … 1 to`},
		{"rate that overflows", toxic("bandwidth", attributes{"rate": math.MaxInt64}), `"rate" … 1 to 1073741824`},
		{"misspelt rate", toxic("bandwidth", attributes{"rate": 1, "Rate": 1}), `"Rate" … allowed are rate`},
		{"no average_size", toxic("slicer", attributes{"delay": 1}), `"average_size" is missing`},
		{"average_size 0", toxic("slicer", attributes{"average_size": 0}), `"average_size" is 0 … 1 to`},
		{"as much variation", slicer(9, "size_variation", 9), "size_variation … below average_size, 9"},
		{"more variation", slicer(9, "size_variation", 10), "size_variation … below average_size, 9"},
		{"delay above an hour", slicer(9, "delay", 3_600_000_001), `"delay" … 0 to 3600000000`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := inventory()
			proxy, err := harness.StartProxy(nowhere, tt.toxic)
			if proxy != nil {
				proxy.Close()
			}
			expectError(t, err, tt.want)
			if after := inventory(); after.exceeds(before) {
				t.Errorf("something was started: %v before, %v after", before, after)
			}
		})
	}
}

// toxic is one toward the client.
func toxic(kind string, a attributes) harness.Toxic {
	return harness.Toxic{Type: kind, Toward: harness.Client, Attributes: a}
}

func slicer(average int64, attribute string, value int64) harness.Toxic {
	return toxic("slicer", attributes{"average_size": average, attribute: value})
}

// latency is a good toxic that one change makes a bad one.
func latency(spoil func(*harness.Toxic)) harness.Toxic {
	x := toxic("latency", attributes{"latency": 1, "jitter": 1})
	spoil(&x)
	return x
}

// A toxic holds bytes. An end of the stream that has none before it passes.
func TestAToxicDoesNotHoldAnEndWithoutBytes(t *testing.T) {
	for _, x := range []harness.Toxic{
		toxic("latency", attributes{"latency": 3_600_000}),
		toxic("bandwidth", attributes{"rate": 1}),
		slicer(1, "delay", 3_600_000_000),
	} {
		t.Run(x.Type, func(t *testing.T) {
			_, client, server := between(t, x)
			server.Close()
			expectEnd(t, "the client", client, 0, harness.Finished)
		})
	}
}

// TestToxicsPassEveryByte sends a stream through each toxic, alone and all in
// one chain, in both directions at once.
func TestToxicsPassEveryByte(t *testing.T) {
	chains := map[string][]harness.Toxic{
		"latency":   {toxic("latency", attributes{"latency": 1, "jitter": 1})},
		"bandwidth": {toxic("bandwidth", attributes{"rate": 100_000})},
		"slicer":    {toxic("slicer", attributes{"average_size": 1000, "size_variation": 999, "delay": 1})},
	}
	chains["all"] = []harness.Toxic{chains["latency"][0], chains["bandwidth"][0], chains["slicer"][0]}
	for name, chain := range chains {
		t.Run(name, func(t *testing.T) {
			var options []harness.Option
			for _, x := range chain {
				options = append(options, x)
				x.Toward = harness.Server
				options = append(options, x)
			}
			_, client, server := between(t, options...)
			got := make(chan error, 2)
			go func() { got <- exchange(client) }()
			go func() { got <- exchange(server) }()
			for range cap(got) {
				if err := <-got; err != nil {
					t.Error(err)
				}
			}
		})
	}
}
