package fault

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// ParseCut reads a cut, key=value with commas between:
//
//	toward    client or server: whose incoming bytes count; must be given
//	after     how many bytes still pass, 0 without it
//	with      reset, fin, fin-then-reset (a FIN, and a RST to what is sent then) or
//	          silence, for the end named by toward; reset without it
//	opposite  the same for the other end; as with without it
//	half      true: only the bytes toward that end stop, with a FIN; false without it
//	hold      how long both ends get silence before that, such as 50ms; none without it
//	on        every (without it), next, or the number of a connection, from 1
//	times     how often at most; without bound without it
func ParseCut(text string) (harness.Cut, error) {
	var c harness.Cut
	pairs, err := split(text)
	if err != nil {
		return c, fmt.Errorf("cut: %w", err)
	}
	for _, p := range pairs {
		if err := setCut(&c, p); err != nil {
			return harness.Cut{}, fmt.Errorf("cut: %w", err)
		}
	}
	switch {
	case c.Toward == "":
		return harness.Cut{}, errors.New("cut: toward is missing: want toward=client or toward=server")
	case c.Half && c.Hold > 0:
		return harness.Cut{}, errors.New("cut: half=true and hold do not go together")
	case c.Half && (c.With != "" && c.With != harness.SendFIN || c.Opposite != ""):
		return harness.Cut{}, errors.New("cut: half=true is a FIN in one direction: with=fin, and no opposite")
	case c.Half:
		c.With = ""
	}
	return c, nil
}

func setCut(c *harness.Cut, p pair) (err error) {
	switch p.key {
	case "toward":
		c.Toward, err = p.party()
	case "after":
		c.After, err = p.number(0)
		if c.After > math.MaxInt64/2 {
			err = fmt.Errorf("after=%s: more than can be counted", p.value)
		}
	case "with":
		c.With, err = oneOf(p, harness.SendReset, harness.SendFIN, harness.FINThenReset, harness.Silence)
	case "opposite":
		c.Opposite, err = oneOf(p, harness.SendReset, harness.SendFIN, harness.FINThenReset, harness.Silence)
	case "half":
		c.Half, err = p.truth()
	case "hold":
		if c.Hold, err = time.ParseDuration(p.value); err != nil || c.Hold < 0 {
			err = fmt.Errorf("hold=%s: want a duration such as 50ms", p.value)
		}
	case "on":
		c.On, err = p.selection()
	case "times":
		var n int64
		n, err = p.number(1)
		if n > math.MaxInt32 {
			err = fmt.Errorf("times=%s: more than can be counted", p.value)
		}
		c.Times = int(n)
	default:
		err = fmt.Errorf("%s is unknown: allowed are toward, after, with, opposite, half, hold, on, times", p.key)
	}
	return err
}

func (p pair) selection() (harness.Selection, error) {
	switch p.value {
	case "every":
		return harness.Selection{}, nil
	case "next":
		return harness.Next(), nil
	}
	n, err := p.number(1)
	if err != nil || n > math.MaxInt32 {
		return harness.Selection{}, fmt.Errorf("on=%s: allowed are every, next and a connection's number from 1", p.value)
	}
	return harness.Nth(int(n)), nil
}
