package capture

import (
	"slices"
	"time"
)

// A Status says what a source has seen of what happened.
type Status struct {
	Began time.Time // when the source began to look: before it saw nothing
	// Since is since when it has seen all without a gap.
	Since time.Time
	// Until is up to when it is proven that it saw all, but for the gaps; zero:
	// not yet.
	Until time.Time
	Lost  uint64 // how many facts were lost, as far as known
	Gaps  []Gap  // when it may not have seen all, in order; the oldest ones are joined when they get many
}

// A Gap is a time in which a source may not have seen all.
type Gap struct {
	From, To time.Time
	Lost     uint64 // how many facts, as far as known; 0: it is not known
	Why      string
}

// Whole says whether the source is known to have seen all that happened from one
// time to another.
func (s Status) Whole(from, to time.Time) bool {
	overlaps := func(g Gap) bool { return !to.Before(g.From) && !from.After(g.To) }
	return !from.Before(s.Began) && !to.After(s.Until) && !slices.ContainsFunc(s.Gaps, overlaps)
}

// A coverage is when a source saw all. Its owner guards it.
type coverage struct {
	began, until time.Time // until is zero as long as nothing is proven
	lost         uint64
	gaps         []Gap
	broken       string // why it sees nothing, or not all, from until on
}

// mostGaps bounds what is known one by one.
const mostGaps = 16

func begin(at time.Time) coverage { return coverage{began: at} }

// prove notes that all until a time was seen, but for the gaps.
func (c *coverage) prove(until time.Time) { c.until = later(c.until, until) }

// resume notes that from a time on all is seen again, if it was not.
func (c *coverage) resume(at time.Time) {
	if c.broken != "" {
		c.gap(at, 0, c.broken)
		c.broken = ""
	}
}

// loseSomewhere notes that facts were lost, and that nothing tells when.
func (c *coverage) loseSomewhere(facts uint64, now time.Time, why string) {
	c.lost += facts
	c.gaps = []Gap{{From: c.began, To: now, Lost: c.lost, Why: why}}
	c.until = later(c.until, now)
}

// lose notes that facts from before a time were lost.
func (c *coverage) lose(facts uint64, at time.Time, why string) {
	c.lost += facts
	c.gap(at, facts, why)
}

// doubt notes that from the last proof on it is not known what is missing.
func (c *coverage) doubt(why string) {
	if c.broken == "" {
		c.broken = why
	}
}

// gap adds a gap from the last proof to a time, joined with the last one if they
// touch and the reason is the same, or if there are many.
func (c *coverage) gap(to time.Time, lost uint64, why string) {
	from := later(c.began, c.until)
	if last := len(c.gaps) - 1; last >= 0 && (c.gaps[last].Why == why && !from.After(c.gaps[last].To) || last+1 == mostGaps) {
		c.gaps[last].To, c.gaps[last].Lost = later(c.gaps[last].To, to), c.gaps[last].Lost+lost
	} else {
		c.gaps = append(c.gaps, Gap{From: from, To: to, Lost: lost, Why: why})
	}
	c.until = later(c.until, to)
}

// status returns it as others see it: a gap that is open lasts until now.
func (c *coverage) status() Status {
	s := Status{Began: c.began, Since: c.began, Until: c.until, Lost: c.lost, Gaps: slices.Clone(c.gaps)}
	if c.broken != "" {
		open := coverage{began: c.began, until: c.until, gaps: s.Gaps}
		open.gap(time.Now(), 0, c.broken)
		s.Gaps = open.gaps
	}
	if last := len(s.Gaps) - 1; last >= 0 {
		s.Since = s.Gaps[last].To
	}
	return s
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
