package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// groups finds the cgroup that an event tells by its inode.
type groups struct {
	root   string // where cgroup v2 is mounted; "": it is not
	known  map[uint64]Group
	walked time.Time
}

const (
	// mostGroups bounds how many are known.
	mostGroups = 1 << 16
	// walkEvery is how often directories are looked through for a new one.
	walkEvery = time.Second
)

// newGroups looks where cgroup v2 is mounted: on hybrid machines not at
// /sys/fs/cgroup.
func newGroups() *groups {
	g := &groups{known: map[uint64]Group{}}
	mounts, _ := os.ReadFile("/proc/self/mountinfo") // without it the names are not known
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 && fields[3] == "/" {
			g.root = fields[4]
			break
		}
	}
	return g
}

// lacks says what is not known for want of a mount.
func (g *groups) lacks() []string {
	if g.root != "" {
		return nil
	}
	return []string{"the whole of cgroup v2 is not mounted here: units, containers and pods are not named (a container needs --cgroupns=host)"}
}

// name returns what is known of a cgroup.
func (g *groups) name(inode uint64) Group {
	if inode == 0 || g.root == "" {
		return Group{}
	}
	group, known := g.known[inode]
	if !known && time.Since(g.walked) > walkEvery {
		g.walk()
		g.walked = time.Now()
		group = g.known[inode]
	}
	return group
}

// walk looks through all cgroups.
func (g *groups) walk() {
	g.known = map[uint64]Group{}
	filepath.WalkDir(g.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || len(g.known) == mostGroups {
			return nil // one that has gone meanwhile
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			g.known[stat.Ino] = ParseGroup("/" + strings.TrimPrefix(strings.TrimPrefix(path, g.root), "/"))
		}
		return nil
	})
}
