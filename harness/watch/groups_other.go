//go:build !linux

package watch

// groups are of Linux alone.
type groups struct{}

func newGroups() *groups            { return &groups{} }
func (g *groups) lacks() []string   { return nil }
func (g *groups) name(uint64) Group { return Group{} }
func (g *groups) of(*Event) Group   { return Group{} }
