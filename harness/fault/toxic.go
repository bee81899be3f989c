package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness"
)

// ParseToxic reads a toxic: its type, then key=value with commas between.
// The keys are toward, toxicity and the attributes of [harness.Toxic].
func ParseToxic(text string) (harness.Toxic, error) {
	kind, rest, _ := strings.Cut(text, ",")
	t := harness.Toxic{Type: strings.TrimSpace(kind), Attributes: map[string]int64{}}
	if t.Type == "" || strings.Contains(t.Type, "=") {
		return t, errors.New("toxic: the type comes first: latency, bandwidth or slicer")
	}
	pairs, err := split(rest)
	if err != nil {
		return t, fmt.Errorf("toxic %s: %w", t.Type, err)
	}
	for _, p := range pairs {
		if err := setToxic(&t, p); err != nil {
			return harness.Toxic{}, fmt.Errorf("toxic %s: %w", t.Type, err)
		}
	}
	if t.Toward == "" {
		return t, fmt.Errorf("toxic %s: toward is missing: want toward=client or toward=server", t.Type)
	}
	return t, nil
}

func setToxic(t *harness.Toxic, p pair) (err error) {
	switch p.key {
	case "toward":
		t.Toward, err = p.party()
	case "toxicity":
		t.Toxicity, err = strconv.ParseFloat(p.value, 64)
		if err != nil || !(t.Toxicity > 0 && t.Toxicity <= 1) { // also false for NaN
			err = fmt.Errorf("toxicity=%s: want a number above 0, at most 1", p.value)
		}
	default:
		t.Attributes[p.key], err = p.number(0)
	}
	return err
}
