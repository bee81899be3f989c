package savefile

import (
	"math"
	"math/bits"
	"time"
)

// A clock turns the time stamps of a pcapng interface into times.
type clock struct {
	unit   uint64 // units in a second; 0: more than 64 bits can count
	nanos  uint64 // nanoseconds in a unit; 0: no whole number of them
	offset int64  // seconds to add
}

// newClock reads the options if_tsresol and if_tsoffset: the resolution is a
// negative power of ten, or of two if its highest bit is set.
func newClock(resolution byte, offset int64) clock {
	c := clock{offset: offset}
	exponent := int(resolution & 0x7f)
	switch {
	case resolution&0x80 != 0 && exponent < 64:
		c.unit = 1 << exponent
	case resolution&0x80 == 0 && exponent < 20:
		c.unit = uint64(math.Pow10(exponent))
	}
	if c.unit != 0 && c.unit <= 1e9 && 1e9%c.unit == 0 {
		c.nanos = 1e9 / c.unit
	}
	return c
}

// time returns the zero value if there is no such time: the resolution is none,
// or the year has more than four digits.
func (c *clock) time(stamp uint64) time.Time {
	if c.unit == 0 {
		return time.Time{}
	}
	seconds, fraction := stamp/c.unit, stamp%c.unit
	if c.nanos != 0 {
		fraction *= c.nanos
	} else { // fraction < unit, so that this cannot overflow
		high, low := bits.Mul64(fraction, 1e9)
		fraction, _ = bits.Div64(high, low, c.unit)
	}
	const year1, year10000 = -62135596800, 253402300800
	whole := int64(seconds) + c.offset
	if seconds > math.MaxInt64 || whole < year1 || whole >= year10000 {
		return time.Time{}
	}
	return time.Unix(whole, int64(fraction)).UTC()
}
