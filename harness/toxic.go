package harness

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// A Toxic changes the stream of proxied connections by one of toxiproxy's
// toxics. It never ends a connection: that is what a [Cut] is for.
type Toxic struct {
	// Type is "latency", "bandwidth" or "slicer".
	Type string `json:"type"`
	// Toward is the end whose incoming bytes are changed: Client or Server.
	Toward End `json:"toward"`
	// Attributes are toxiproxy's, by their names there:
	//
	//	latency    latency, jitter          milliseconds
	//	bandwidth  rate                     kilobytes (1000 bytes) a second
	//	slicer     average_size             bytes
	//	           size_variation           bytes, below average_size
	//	           delay                    microseconds between slices
	//
	// One left out is 0; latency, rate and average_size are required. Jitter
	// and size_variation are drawn by toxiproxy, which knows no seed.
	Attributes map[string]int64 `json:"attributes"`
	// Toxicity is the probability, 0 to 1, that a connection gets the toxic.
	// It is drawn once a connection from the proxy's seed. Zero means 1.
	Toxicity float64 `json:"toxicity,omitempty"`
}

// attribute is what one attribute of a toxic may be.
type attribute struct {
	name     string
	min, max int64
	required bool
}

// hour in milliseconds and in microseconds bounds the delays: longer ones are
// mistakes, and far longer ones overflow a time.Duration.
const (
	hourMillis = 3_600_000
	hourMicros = 3_600_000_000
	maxRate    = 1 << 30 // kB/s: more is no limit, and overflows toxiproxy's product
	maxSlice   = 1 << 30
)

func attributesOf(toxicType string) ([]attribute, error) {
	switch toxicType {
	case "latency":
		return []attribute{
			{name: "latency", min: 0, max: hourMillis, required: true},
			{name: "jitter", min: 0, max: hourMillis},
		}, nil
	case "bandwidth":
		return []attribute{{name: "rate", min: 1, max: maxRate, required: true}}, nil
	case "slicer":
		return []attribute{
			{name: "average_size", min: 1, max: maxSlice, required: true},
			{name: "size_variation", min: 0, max: maxSlice},
			{name: "delay", min: 0, max: hourMicros},
		}, nil
	case "limit_data", "timeout", "slow_close", "reset_peer":
		return nil, fmt.Errorf("toxic: Type is %q: that ends a connection, which is a harness.Cut here", toxicType)
	}
	return nil, fmt.Errorf("toxic: Type is %q: allowed are latency, bandwidth and slicer", toxicType)
}

// check says which field or attribute is wrong and what is allowed there.
func (t Toxic) check() error {
	allowed, err := attributesOf(t.Type)
	if err != nil {
		return err
	}
	if t.Toward != Client && t.Toward != Server {
		return fmt.Errorf("toxic %s: Toward is %q: allowed are harness.Client and harness.Server", t.Type, t.Toward)
	}
	if !(t.Toxicity >= 0 && t.Toxicity <= 1) { // also false for NaN
		return fmt.Errorf("toxic %s: Toxicity is %v: allowed is 0 to 1", t.Type, t.Toxicity)
	}
	var names []string
	for _, a := range allowed {
		names = append(names, a.name)
		value, given := t.Attributes[a.name]
		if a.required && !given {
			return fmt.Errorf("toxic %s: attribute %q is missing", t.Type, a.name)
		}
		if given && (value < a.min || value > a.max) {
			return fmt.Errorf("toxic %s: attribute %q is %d: allowed is %d to %d", t.Type, a.name, value, a.min, a.max)
		}
	}
	for name := range t.Attributes {
		if !slices.Contains(names, name) {
			return fmt.Errorf("toxic %s: unknown attribute %q: allowed are %s", t.Type, name, strings.Join(names, ", "))
		}
	}
	if average := t.Attributes["average_size"]; t.Type == "slicer" && t.Attributes["size_variation"] >= average {
		return fmt.Errorf("toxic slicer: attribute %q is %d: it must be below average_size, %d",
			"size_variation", t.Attributes["size_variation"], average)
	}
	return nil
}

// toxicity is the effective probability.
func (t Toxic) toxicity() float64 {
	if t.Toxicity == 0 {
		return 1
	}
	return t.Toxicity
}

// name identifies the toxic with this index in the chains of a proxy.
func (t Toxic) name(index int) string { return fmt.Sprintf("%d-%s", index, t.Type) }

// document is the JSON form that toxiproxy's chain takes.
func (t Toxic) document(index int) ([]byte, error) {
	direction := "downstream"
	if t.Toward == Server {
		direction = "upstream"
	}
	chainType := t.Type
	if t.Type == "bandwidth" {
		chainType = bandwidthType
		toxics.Register(bandwidthType, new(bandwidth))
	}
	document, err := json.Marshal(map[string]any{
		"name": t.name(index), "type": chainType, "stream": direction,
		"toxicity": 1.0, "attributes": t.Attributes,
	})
	if err != nil {
		return nil, fmt.Errorf("toxic %s: %w", t.Type, err)
	}
	return document, nil
}

// drawn says whether connection number gets the toxic with this index. The
// answer depends on nothing but its arguments, so that a seed repeats a run
// whatever the order in which connections come.
func (t Toxic) drawn(seed uint64, number, index int) bool {
	draw := rand.New(rand.NewPCG(seed, uint64(number)<<16|uint64(index))).Float64()
	return draw < t.toxicity()
}
