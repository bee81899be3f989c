package watch

import (
	"fmt"
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
	older  bool   // there are hierarchies of version 1, too
	known  map[uint64]Group
	walked time.Time

	asked map[Process]Group // by version 1
	since time.Time         // of asked
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
	mounts, _ := os.ReadFile("/proc/self/mountinfo") // without it the names are not known
	return &groups{known: map[uint64]Group{}, older: olderCgroups(string(mounts)), root: wholeCgroup(string(mounts), func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})}
}

// wholeCgroup finds the mount of all of cgroup v2 in what is mounted, "" if it is
// not there. A container has one of its own part, which looks like the whole in
// its cgroup namespace (cgroup_namespaces(7)); the file cgroup.events is in every
// cgroup but the root (Documentation/admin-guide/cgroup-v2.rst).
func wholeCgroup(mounts string, exists func(path string) bool) string {
	for line := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 && !exists(fields[4]+"/cgroup.events") && exists(fields[4]+"/cgroup.procs") {
			return fields[4]
		}
	}
	return ""
}

// olderCgroups says whether hierarchies of version 1 are mounted.
func olderCgroups(mounts string) bool {
	for line := range strings.Lines(mounts) {
		if _, after, _ := strings.Cut(line, " - "); strings.HasPrefix(after, "cgroup ") {
			return true
		}
	}
	return false
}

// lacks says what is not known for want of a mount, or of version 2.
func (g *groups) lacks() (lacks []string) {
	if g.root == "" {
		lacks = append(lacks, "the whole of cgroup v2 is not mounted here: units, containers and pods are not named "+
			"(a container needs the machine's /sys/fs/cgroup mounted, or --cgroupns=host)")
	}
	if g.older {
		lacks = append(lacks, "cgroups of version 1 are in use: a container that only they name is named while its process lives, "+
			"else the unit that started it, or nothing (booting with systemd.unified_cgroup_hierarchy=1 ends that)")
	}
	return lacks
}

// of returns what is known of who an event is of. In a cgroup of version 1 its
// process must be asked, if that is certain and still there.
func (g *groups) of(e *Event) Group {
	group := g.name(e.Cgroup)
	if !g.older || group.Container != "" || !e.Owner.Sure() {
		return group
	}
	if older := g.ask(e.Owner.Process); older.Container != "" || group.String() == "" {
		return older
	}
	return group
}

// ask reads the cgroups of a process that has still its name. What it found it
// keeps for a moment.
func (g *groups) ask(p Process) Group {
	if now := time.Now(); now.Sub(g.since) > walkEvery {
		g.asked, g.since = map[Process]Group{}, now
	}
	if group, known := g.asked[p]; known || len(g.asked) == mostGroups {
		return group
	}
	directory := fmt.Sprintf("/proc/%d/", p.PID)
	text, _ := os.ReadFile(directory + "cgroup") // without it nothing is known
	name, err := os.ReadFile(directory + "comm")
	if err != nil || strings.TrimSuffix(string(name), "\n") != p.Name { // another one has its number
		text = nil
	}
	g.asked[p] = groupOf(string(text))
	return g.asked[p]
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
			g.known[stat.Ino] = parseGroup("/" + strings.TrimPrefix(strings.TrimPrefix(path, g.root), "/"))
		}
		return nil
	})
}
