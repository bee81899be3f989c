package capture

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadCounters reads the counters of this network namespace, those of
// [evidence.CounterNames].
func ReadCounters() (map[string]int64, error) {
	counters := map[string]int64{}
	for _, path := range []string{"/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"} {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("counters: %w", err)
		}
		if err := parseCounters(string(text), counters); err != nil {
			return nil, err
		}
	}
	return counters, nil
}

// Alone says whether no process but this one and those that started it is in
// the network namespace, so that the counters move for nobody else.
func Alone() bool {
	const self = "/proc/self"
	ours, err := os.Readlink(self + "/ns/net")
	if err != nil {
		return false
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return false
	}
	family := ancestors()
	private := ownNamespaces()
	for _, process := range processes {
		if family[filepath.Base(process)] {
			continue
		}
		theirs, err := os.Readlink(process + "/ns/net")
		switch {
		case os.IsPermission(err): // not of our user namespace: no way into ours
			if !private {
				return false
			}
		case err == nil && theirs == ours:
			return false
		}
	}
	return true
}

// ancestors returns the process ids of this process and those that started it.
func ancestors() map[string]bool {
	family := map[string]bool{}
	for pid := os.Getpid(); pid > 0; {
		family[strconv.Itoa(pid)] = true
		fields, err := status(pid)
		if err != nil {
			break
		}
		if pid, err = strconv.Atoi(fields[4-3]); err != nil { // the parent
			break
		}
	}
	return family
}

// ownNamespaces says whether the network namespace belongs to the user
// namespace of this process and that is not the machine's first one, whose map
// is the whole range (user_namespaces(7), ioctl_ns(2)).
func ownNamespaces() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295" {
		return false
	}
	network, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return false
	}
	defer network.Close()
	owner, err := unix.IoctlRetInt(int(network.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		return false
	}
	defer unix.Close(owner)
	var theirs, ours unix.Stat_t
	if unix.Fstat(owner, &theirs) != nil || unix.Stat("/proc/self/ns/user", &ours) != nil {
		return false
	}
	return theirs.Ino == ours.Ino
}

// System returns the name and the release of the kernel.
func System() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "Linux"
	}
	return unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
}
