package printed

import (
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A stamp is the time that a line has.
type stamp struct {
	kind  stampKind
	since time.Duration // since midnight, the day's or the epoch's or that of the first packet
	day   time.Time     // for dated
}

type stampKind uint8

const (
	noTime  stampKind = iota
	ofDay             // 12:34:56.789: a time of day, or what passed since another packet
	dated             // with a day
	ofEpoch           // seconds since 1970
	elapsed           // seconds since another packet
)

// A clock knows what the times of a text count from.
type clock struct {
	relative bool // from the first packet
	between  bool // each from the one before
	last     time.Duration
	days     time.Duration // added at each midnight
}

// learn looks at the times of the first lines. Those of day that begin at
// exactly midnight count from the first packet, and from the one before if they
// go back.
func (c *clock) learn(start string) {
	last, first := time.Duration(0), true
	for line := range strings.Lines(start) {
		line = clean(line)
		if !begins(line) {
			continue
		}
		s := stampOf(line)
		if s.kind != ofDay && s.kind != elapsed {
			continue
		}
		if first {
			c.relative, first = s.since == 0, false
		}
		c.between = c.between || c.relative && s.since < last
		last = s.since
	}
}

// time returns when a packet was captured, and which of that is not known.
func (c *clock) time(s stamp) (time.Time, evidence.Fields) {
	switch s.kind {
	case noTime:
		return time.Time{}, evidence.FieldDate
	case dated:
		return s.day.Add(s.since).UTC(), 0
	case ofEpoch:
		return time.Unix(0, 0).Add(s.since).UTC(), 0
	}
	at := s.since
	switch {
	case c.between:
		at += c.last
	case s.kind == ofDay && at+c.days+12*time.Hour < c.last: // midnight has passed
		c.days += 24 * time.Hour
		at += c.days
	default:
		at += c.days
	}
	c.last = at
	return time.Unix(0, 0).Add(at).UTC(), evidence.FieldDate
}

// stampOf finds the last time in what is before the addresses of a line.
func stampOf(line string) stamp {
	if before, ok := beforeIP(line); ok {
		line = before
	}
	words := strings.Fields(line)
	var s stamp
	for i, word := range words {
		if since, ok := timeOfDay(word); ok {
			s = stamp{kind: ofDay, since: since}
			if i > 0 {
				if day, ok := date(words[i-1]); ok {
					s.kind, s.day = dated, day
				}
			}
			continue
		}
		if since, ok := seconds(word); ok && s.kind == noTime {
			s = stamp{kind: elapsed, since: since}
			if since >= 1e8*time.Second {
				s.kind = ofEpoch
			}
		}
		if i == 3 && s.kind == noTime && !strings.Contains(line, "[") { // prefixes of logs are longer, but have times
			break
		}
	}
	return s
}

// date reads 2006-01-02, or the day of the year as tshark writes it.
func date(word string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006/01/02", "2006/002"} {
		if day, err := time.Parse(layout, word); err == nil {
			return day, true
		}
	}
	return time.Time{}, false
}

// timeOfDay reads 15:04:05 with any number of decimals. What passed since another
// packet is less than nothing where the clock of a capture went back.
func timeOfDay(word string) (time.Duration, bool) {
	if after, back := strings.CutPrefix(word, "-"); back {
		since, ok := timeOfDay(after)
		return -since, ok && !strings.HasPrefix(after, "-")
	}
	if len(word) < 8 || word[2] != ':' || word[5] != ':' {
		return 0, false
	}
	hours, ok1 := digits(word[:2])
	minutes, ok2 := digits(word[3:5])
	rest, ok3 := seconds(word[6:])
	whole, _, _ := strings.Cut(word[6:], ".")
	if !ok1 || !ok2 || !ok3 && len(word) > 8 || len(whole) != 2 || rest < 0 || hours > 24*365 || minutes > 59 {
		return 0, false
	}
	if !ok3 {
		number, ok := digits(word[6:])
		if !ok {
			return 0, false
		}
		rest = time.Duration(number) * time.Second
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + rest, true
}

// seconds reads a number with decimals.
func seconds(word string) (time.Duration, bool) {
	if after, back := strings.CutPrefix(word, "-"); back {
		since, ok := seconds(after)
		return -since, ok && !strings.HasPrefix(after, "-")
	}
	whole, fraction, ok := strings.Cut(word, ".")
	if !ok || len(whole) > 10 || len(fraction) == 0 || len(fraction) > 9 {
		return 0, false
	}
	s, ok1 := digits(whole)
	n, ok2 := digits(fraction)
	for range 9 - len(fraction) {
		n *= 10
	}
	if s > 9e9 { // more than a duration holds
		return 0, false
	}
	return time.Duration(s)*time.Second + time.Duration(n), ok1 && ok2
}

// digits reads a decimal number of at most 18 digits and nothing else.
func digits(word string) (uint64, bool) {
	if word == "" || len(word) > 18 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range []byte(word) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
