package supervisor

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A process is what proc_pid_stat(5) tells of one that is not dead.
type process struct{ pid, parent, session int }

// processes lists those that /proc has.
func processes() (list []process) {
	directory, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer directory.Close()
	names, _ := directory.Readdirnames(-1) // what it has until an error
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // it has gone
		}
		// The name is in parentheses and may have any character in it.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 4 || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		p := process{pid: pid}
		p.parent, _ = strconv.Atoi(fields[1])
		p.session, _ = strconv.Atoi(fields[3])
		list = append(list, p)
	}
	return list
}

// isSupervisor says whether a process is another supervisor.
func isSupervisor(pid int) bool {
	arguments, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && bytes.HasPrefix(arguments, []byte(Name+"\x00"))
}

// tree returns the processes that root chooses, and all their descendants.
func tree(all []process, root func(process) bool) (members []int) {
	for _, p := range all {
		if root(p) {
			members = append(members, p.pid)
		}
	}
	for i := 0; i < len(members); i++ {
		for _, p := range all {
			if p.parent == members[i] && !slices.Contains(members, p.pid) {
				members = append(members, p.pid)
			}
		}
	}
	return members
}

// holds says whether a process of the program has a socket. One that may not be
// looked at could have it.
func (s *supervisor) holds(id int, inode uint32) bool {
	s.mu.Lock()
	p := s.programs[id]
	var members []int
	if p != nil {
		members = s.members(p)
	}
	s.mu.Unlock()
	want := "socket:[" + strconv.FormatUint(uint64(inode), 10) + "]"
	for _, pid := range members {
		directory := "/proc/" + strconv.Itoa(pid) + "/fd/"
		entries, err := os.ReadDir(directory)
		if os.IsPermission(err) {
			return true
		}
		for _, entry := range entries {
			if target, err := os.Readlink(directory + entry.Name()); err == nil && target == want {
				return true
			}
		}
	}
	return false
}
