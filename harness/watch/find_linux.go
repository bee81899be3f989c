package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FindNetns returns the inode of a network namespace, which is given as the
// number of a process in it or as a path, such as /run/netns/blue.
func FindNetns(processOrPath string) (inode uint32, err error) {
	file := processOrPath
	if pid, err := strconv.Atoi(processOrPath); err == nil {
		file = fmt.Sprintf("/proc/%d/ns/net", pid)
	}
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file != processOrPath:
		return 0, fmt.Errorf("there is no process %s", processOrPath)
	case err != nil:
		return 0, &fs.PathError{Op: "open", Path: file, Err: err}
	}
	defer unix.Close(fd)
	if kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err != nil || kind != unix.CLONE_NEWNET {
		return 0, fmt.Errorf("%s is no network namespace", file)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return 0, err
	}
	return uint32(stat.Ino), nil
}

// FindContainer finds a container by its identifier, or the beginning of that, or
// by the name that Docker gave it; also a unit of systemd by its name, a pod of
// Kubernetes by its UID, and any cgroup by its path below the mount of cgroup v2.
func FindContainer(name string) (Container, error) {
	g := newGroups()
	if name == "" {
		return Container{}, errors.New("a container without a name cannot be found")
	}
	if g.root == "" {
		return Container{}, errors.New(g.lacks()[0])
	}
	g.walk()
	id := name
	if named := dockerID(name); named != "" {
		id = named
	}
	matches := map[string]Container{}
	for inode, group := range g.known {
		if key := group.called(id); key != "" {
			if had, found := matches[key]; !found || len(group.Path) < len(had.Group.Path) {
				matches[key] = Container{Group: group, Cgroup: inode}
			}
		}
	}
	switch names := slices.Sorted(maps.Keys(matches)); len(names) {
	case 0:
		return Container{}, fmt.Errorf("none of the %d cgroups below %s is a container, a unit or a pod called %q, nor has that path",
			len(g.known), g.root, name)
	case 1:
		c := matches[names[0]]
		c.Netns = netnsOf(filepath.Join(g.root, c.Group.Path))
		return c, nil
	default:
		return Container{}, fmt.Errorf("%q may be %s", name, strings.Join(names, " or "))
	}
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]+$`)

// called returns what of the group is called so, in full; "" if nothing is.
func (g Group) called(name string) string {
	switch {
	case g.Path != "/" && g.Path == path.Clean(name):
		return g.Path
	case g.Container != "" && hexadecimal.MatchString(name) && strings.HasPrefix(g.Container, name):
		return g.Container
	case g.Pod != "" && g.Pod == name:
		return g.Pod
	case g.Unit != "" && (g.Unit == name || g.Unit == name+".service"):
		return g.Unit
	}
	return ""
}

// dockerID returns the identifier of the container that Docker calls so, "" if
// there is none, or its files may not be read.
func dockerID(name string) string {
	files, _ := filepath.Glob("/var/lib/docker/containers/*/config.v2.json") // the pattern is well formed
	for _, file := range files {
		var config struct{ ID, Name string }
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &config) == nil &&
			strings.TrimPrefix(config.Name, "/") == name {
			return config.ID
		}
	}
	return ""
}

// netnsOf returns the network namespaces of the processes below a cgroup's
// directory, without the machine's and this process's own, which others have, too.
func netnsOf(directory string) (inodes []uint32) {
	machine, _ := FindNetns("1") // 0: it is not known, and then there is none to leave out
	own, _ := FindNetns("/proc/self/ns/net")
	filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(path) // one of threads has none
		for pid := range strings.FieldsSeq(string(text)) {
			if inode, err := FindNetns(pid); err == nil && inode != machine && inode != own && !slices.Contains(inodes, inode) {
				inodes = append(inodes, inode)
			}
		}
		return nil
	})
	return inodes
}
